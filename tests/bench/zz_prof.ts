import { equalSizes, makeFleet, pick, sum, use, zipf } from "/work/wt-record16/tests/bench/devices.ts";
import { recorder } from "@ttm/explain";
import process from "node:process";
const mode = Deno.args[0]!;
const sizes = equalSizes(10000,16);
const ids = zipf(sizes.length, 50000, 0.9);
const r = recorder({events: Number(Deno.args[1] ?? 100000)});
const t = r.tracer as any;
let tracer: any = mode==="none"?{}: mode==="full"? t : mode==="noop" ? {move(){},use(){},operation(){}} : {attach:t.attach.bind(t),create:t.create.bind(t),...Object.fromEntries(mode.split(",").map(n=>[n, t[n].bind(t)]))};
const { buffers, vram } = makeFleet({ sizes, vram: sum(sizes)>>2, tracer });
const list = pick(buffers, ids);
const res=[];
for (let k=0;k<14;k++){ const c=process.cpuUsage(); for (const b of list) use(b, vram); const d=process.cpuUsage(c); if(k>3) res.push((d.user+d.system)/50000*1000); }
res.sort((a,b)=>a-b); console.log(mode, res[0]!.toFixed(0), res[res.length>>1]!.toFixed(0));
