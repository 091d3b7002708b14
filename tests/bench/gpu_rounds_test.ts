import { noAdapter } from "../apart/adapter.ts";
import { testApart } from "../apart/apart.ts";

testApart(await noAdapter(), "by hand and with @ttm on a GPU", import.meta.resolve("./testing_gpu_rounds.ts"));
