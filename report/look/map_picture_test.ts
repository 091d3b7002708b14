import { assert, assertEquals } from "@std/assert";
import { randomNumbers } from "../../replay/workloads/random.ts";
import { reduce } from "../reduce/reduce.ts";
import { makeRecord } from "../testing_records.ts";
import { groupBuffers } from "./groups.ts";
import { MapPicture } from "./map_picture.ts";
import { indexStays } from "./stay_index.ts";

const run = reduce(makeRecord({ events: 4000 }));
const pages = run.types[1]?.pages ?? 0;
const [WIDTH, HEIGHT] = [300, 80];
const picture = () => new MapPicture(new Uint32Array(WIDTH * HEIGHT), WIDTH);
const scenes = (["tag", "age", "buffer"] as const).map((by) => {
  return { run, index: indexStays(run, 1), which: 0, by: groupBuffers([run], by, []) };
});

Deno.test("a picture that pans is the one that is drawn at once, and draws only the columns that come in", () => {
  for (const scene of scenes) {
    for (const share of [0.9, 0.3, 0.01]) {
      const random = randomNumbers(9);
      const kept = picture();
      const length = run.duration * share;
      let from = Math.round(random() * WIDTH) * length / WIDTH;
      for (let step = 0; step < 40; step++) {
        const window = { from, until: from + length, low: 0, high: pages };
        const drawn = kept.draw(window, scene);
        const whole = picture();
        assertEquals(whole.draw(window, scene), WIDTH);
        assert(kept.pixels.every((pixel, at) => pixel === whole.pixels[at]), `${scene.by.by}, ${share}, step ${step}`);
        assert(step === 0 || drawn <= WIDTH / 4 + 1, `${drawn} columns`);
        const columns = Math.round((random() - 0.5) * WIDTH / 2);
        from = Math.max(0, Math.min(run.duration - length, from + columns * length / WIDTH));
      }
    }
  }
});

Deno.test("a picture is drawn anew with other colours, addresses or parts of time", () => {
  const [tags, ages] = [scenes[0] as typeof scenes[number], scenes[1] as typeof scenes[number]];
  const kept = picture();
  const window = { from: 0, until: run.duration, low: 0, high: pages };
  const drawn = [
    kept.draw(window, tags),
    kept.draw(window, tags),
    kept.draw(window, ages),
    kept.draw({ ...window, high: pages / 2 }, ages),
    kept.draw({ ...window, until: run.duration / 2 }, ages),
  ];
  assertEquals(drawn, [WIDTH, 0, WIDTH, WIDTH, WIDTH]);
});
