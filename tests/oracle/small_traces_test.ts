import { assert, assertEquals } from "@std/assert";
import { replayLines } from "./families.ts";
import busyMember from "./traces/small/a-busy-member-of-a-bulk-is-released.jsonl" with { type: "text" };
import ownVictim from "./traces/small/a-buffer-that-is-its-own-victim-and-fails.jsonl" with { type: "text" };
import inItsWay from "./traces/small/a-buffer-that-is-in-its-own-way-and-fails.jsonl" with { type: "text" };
import askedAgain from "./traces/small/devices-are-asked-again-after-one-gave.jsonl" with { type: "text" };
import noOtherPlace from "./traces/small/no-other-place-after-a-victim-that-failed.jsonl" with { type: "text" };
import failedFence from "./traces/small/a-fence-that-ends-with-an-error.jsonl" with { type: "text" };
import flushOfTwo from "./traces/small/a-flush-of-two-devices.jsonl" with { type: "text" };
import imported from "./traces/small/an-imported-buffer-is-left-to-the-worker.jsonl" with { type: "text" };
import hostPages from "./traces/small/a-fenced-move-of-host-pages.jsonl" with { type: "text" };
import withinSystem from "./traces/small/a-fenced-move-within-system.jsonl" with { type: "text" };
import kernelBuffer from "./traces/small/a-kernel-buffer-and-a-full-manager.jsonl" with { type: "text" };
import loneMember from "./traces/small/a-lone-member-changes-its-priority.jsonl" with { type: "text" };
import lonePinned from "./traces/small/a-lone-member-that-was-pinned-is-passed-over.jsonl" with { type: "text" };
import loneSwapped from "./traces/small/a-lone-member-of-another-list-is-swapped-out.jsonl" with { type: "text" };
import purged from "./traces/small/a-purged-buffer-that-cannot-be-placed.jsonl" with { type: "text" };
import besideBuddies from "./traces/small/a-range-manager-beside-buddies.jsonl" with { type: "text" };
import failedSwapout from "./traces/small/a-swapout-that-fails-on-one-of-two-devices.jsonl" with { type: "text" };
import failedTable from "./traces/small/a-table-that-cannot-be-made.jsonl" with { type: "text" };
import failedVictim from "./traces/small/a-victim-that-fails-ends-all.jsonl" with { type: "text" };
import twoBuddies from "./traces/small/buddies-on-two-devices.jsonl" with { type: "text" };
import deletedAfterStop from "./traces/small/deleted-after-a-stop-without-room.jsonl" with { type: "text" };
import deletedOfTwo from "./traces/small/deleted-buffers-of-two-devices.jsonl" with { type: "text" };
import noFence from "./traces/small/no-fence-on-a-shared-reservation.jsonl" with { type: "text" };
import populatedAfterStop from "./traces/small/populated-after-a-stop-without-room.jsonl" with { type: "text" };
import readAfterPurge from "./traces/small/read-after-swapout-and-purge.jsonl" with { type: "text" };
import ageOfExec from "./traces/small/the-age-of-an-exec.jsonl" with { type: "text" };
import execMakesRoom from "./traces/small/an-exec-makes-room.jsonl" with { type: "text" };
import prelocked from "./traces/small/a-prelocked-buffer-is-not-listed.jsonl" with { type: "text" };
import busyPurged from "./traces/small/a-busy-buffer-without-a-place-is-purged.jsonl" with { type: "text" };
import othersWork from "./traces/small/a-purge-waits-for-the-work-of-others.jsonl" with { type: "text" };
import pagesPurged from "./traces/small/pages-without-a-place-are-purged.jsonl" with { type: "text" };
import globalWaits from "./traces/small/a-swapout-of-all-devices-waits.jsonl" with { type: "text" };
import sharedWaits from "./traces/small/a-swapout-waits-for-a-shared-reservation.jsonl" with { type: "text" };
import ownGhosts from "./traces/small/a-walk-meets-its-own-ghosts.jsonl" with { type: "text" };
import triesAgain from "./traces/small/no-wait-under-a-ticket-tries-again.jsonl" with { type: "text" };
import signalFirst from "./traces/small/a-signal-comes-before-giving-way.jsonl" with { type: "text" };
import busyManager from "./traces/small/a-busy-manager-ends-the-validate.jsonl" with { type: "text" };
import failedKeeps from "./traces/small/a-failed-move-keeps-its-table.jsonl" with { type: "text" };
import failedLoses from "./traces/small/a-failed-move-loses-its-table.jsonl" with { type: "text" };
import importedGhost from "./traces/small/a-ghost-of-an-imported-buffer.jsonl" with { type: "text" };
import endedCopy from "./traces/small/an-ended-copy-of-an-imported-buffer.jsonl" with { type: "text" };
import importedDies from "./traces/small/an-imported-buffer-keeps-its-reservation.jsonl" with { type: "text" };
import unusedPrelocked from "./traces/small/an-unused-prelocked-buffer-is-unlocked.jsonl" with { type: "text" };
import copiedFences from "./traces/small/copied-fences-are-not-merged.jsonl" with { type: "text" };
import importedPages from "./traces/small/imported-pages-make-others-give-theirs-back.jsonl" with { type: "text" };
import firstOfList from "./traces/small/the-first-of-the-list-of-another-priority.jsonl" with { type: "text" };
import ghostKept from "./traces/small/what-a-ghost-kept-comes-last.jsonl" with { type: "text" };
import placeInLine from "./traces/small/a-ticket-stands-in-line-before-younger-ones.jsonl" with { type: "text" };
import givesWay from "./traces/small/a-younger-ticket-gives-way-to-an-older-one-in-line.jsonl" with { type: "text" };
import execSleeps from "./traces/small/an-exec-sleeps-for-what-it-contends-for.jsonl" with { type: "text" };
import inTurn from "./traces/small/threads-without-tickets-are-served-in-turn.jsonl" with { type: "text" };
import cachingStays from "./traces/small/the-caching-of-a-table-stays.jsonl" with { type: "text" };
import failedOut from "./traces/small/a-move-out-of-vram-that-fails-takes-the-table.jsonl" with { type: "text" };

const traces: Readonly<Record<string, string>> = {
  "a busy member of a bulk move leaves it before its last unreserve": busyMember,
  "a buffer that makes room for itself may fail as a victim": ownVictim,
  "a buffer that is in its own way may fail to leave": inItsWay,
  "devices are asked again after one gave memory, also the one that failed": askedAgain,
  "after a victim that failed no other place is tried": noOtherPlace,
  "a fence that ends with an error ends all the same": failedFence,
  "moves between places of host pages may have fences": hostPages,
  "a move within SYSTEM may have a fence": withinSystem,
  "an idle imported buffer is left to the worker, and never swapped out": imported,
  "a flush frees the buffers of two devices by number": flushOfTwo,
  "a kernel buffer, and a manager that is always full": kernelBuffer,
  "the only member of a bulk move keeps its place when its priority changes": loneMember,
  "a lone member that was left on another list does not stop a swapout": loneSwapped,
  "a lone member that was left on the pinned list is passed over, and swapouts go on": lonePinned,
  "a purged buffer stays without a place when the hook fails": purged,
  "a range manager stands beside a buddy allocator": besideBuddies,
  "a swapout that fails on one device goes on with the next": failedSwapout,
  "a table that cannot be made is no memory, and no hook is called": failedTable,
  "a victim that fails ends the validate that it was to leave for": failedVictim,
  "buddy allocators of two devices": twoBuddies,
  "a deleted buffer keeps the table of a stop without room": deletedAfterStop,
  "deleted buffers of two devices are told by number": deletedOfTwo,
  "shared reservations without fences are told, too": noFence,
  "a buffer is populated in VRAM after a stop without room": populatedAfterStop,
  "what was swapped out is read after a purge": readAfterPurge,
  "an exec is as old as its first cleanup": ageOfExec,
  "a ticket that is older than the loop of an exec makes it give way": execMakesRoom,
  "a prelocked buffer is listed when it is asked for": prelocked,
  "purging a busy buffer without a place makes a ghost": busyPurged,
  "a purged buffer without a place is as busy as its shared reservation": othersWork,
  "purging an idle buffer without a place drops its pages": pagesPurged,
  "a swapout of all devices tells what it waits for": globalWaits,
  "a swapout waits for the work of a shared reservation": sharedWaits,
  "a walk meets the ghosts that it has made itself": ownGhosts,
  "without waiting, too, a ticket tries again while somebody leaves": triesAgain,
  "a pending signal comes before giving way to an older ticket": signalFirst,
  "a busy manager ends a validate, whatever places are left": busyManager,
  "a buffer keeps the table that it was given for a move that failed": failedKeeps,
  "a buffer loses its table in VRAM when its move to a stop fails": failedLoses,
  "the ghost of an imported buffer has its reservation, with all fences": importedGhost,
  "a copy of an imported buffer leaves a ghost, though it has ended": endedCopy,
  "an imported buffer keeps the shared reservation when it dies": importedDies,
  "a cleanup without contention unlocks what nobody asked for": unusedPrelocked,
  "copied fences of one timeline are not merged": copiedFences,
  "imported pages make others give theirs back": importedPages,
  "the first of a list is evicted, though its priority is another": firstOfList,
  "an imported buffer that a ghost kept is freed after younger ghosts": ghostKept,
  "the caching of a table stays until the next table": cachingStays,
  "a move out of VRAM that fails takes the buffer's table along": failedOut,
  "a ticket stands in line before younger ones": placeInLine,
  "a younger ticket with locks gives way to an older one in line": givesWay,
  "an exec sleeps for what it contends for": execSleeps,
  "threads without tickets are served in turn": inTurn,
};

for (const [name, text] of Object.entries(traces)) {
  Deno.test(`small kernel trace: ${name}`, async () => {
    const lines = text.trimEnd().split("\n");
    assertEquals(await replayLines(lines), { operations: lines.length - 1, divergences: 0 });
  });
}

/** The first divergence of a small trace in which one text was replaced. */
async function divergence(text: string, from: string, to: string) {
  assert(text.includes(from), "the change must change something");
  const { first } = await replayLines(text.replace(from, to).split("\n"));
  return [first?.operation, Object.keys(first?.expected ?? {})];
}

for (
  const [text, from, to, operation, field] of [
    [noFence, '"rfen":[[]]', '"rfen":[]', 0, "rfen"],
    [twoBuddies, '"avail":253952', '"avail":253951', 0, "devs"],
    [deletedOfTwo, '"del":[[0,2,0,2,0,0,1],[1,2,0,2,0,0,1]]', '"del":[[1,2,0,2,0,0,1],[0,2,0,2,0,0,1]]', 5, "del"],
    [deletedAfterStop, '"del":[[0,2,0,4,0,1,1]]', '"del":[[0,2,0,4,0,0,1]]', 3, "del"],
    [flushOfTwo, '"done":[0,1,2]', '"done":[0,2,1]', 9, "done"],
    [imported, "[0,1,0,2,0,19,", "[0,1,0,2,0,3,", 2, "del"],
    [hostPages, "0,2,0,0,0,1000]", "0,2,0,0,-1,-1]", 1, "ev"],
    [withinSystem, "0,0,0,0,0,1000]", "0,0,0,0,0,1001]", 1, "ev"],
    [readAfterPurge, '"v":[77,78]', '"v":[0,0]', 5, "v"],
    [failedVictim, '"fail":[0,0,1]', '"fail":[0,0,2]', 2, "fail"],
    [failedVictim, '"ret":-5', '"ret":-12', 3, "ret"],
    [failedTable, '"ev":[],"ret":-12', '"ev":[[0,1,2,0,1,0,-12,-1,-1]],"ret":-12', 2, "ev"],
    [failedKeeps, "[1,-1,-1,1,0,7,1]]", "[1,-1,-1,1,0,0,1]]", 3, "del"],
    [importedGhost, '"1000":[[0,0],[1,0]]', '"1000":[[1,0]]', 2, "fen"],
    [ghostKept, "[4,0,-1,-1,1,2,0", "[4,0,-1,-1,1,0,0", 8, "ev"],
    [cachingStays, "[0,1,0,2,0,0,0,7,1,0,-1,-1,1]", "[0,1,0,2,0,0,0,7,1,0,-1,-1,2]", 1, "bos"],
    [failedOut, "[0,2,0,2,0,0,0,0,1,0,-1,-1,-1]]", "[0,2,0,2,0,0,0,5,1,0,-1,-1,1]]", 0, "bos"],
    [placeInLine, '"ends":[[0,0],[3,0]]', '"ends":[[3,0],[4,0]]', 10, "ends"],
    [
      placeInLine,
      '"lk":[[0,4]],"acq":[[0,0],[1,0],[2,0]],"ex":[],"wt":[2]',
      '"lk":[[0,2]],"acq":[[0,0],[1,0],[2,0]],"ex":[],"wt":[2]',
      11,
      "lk",
    ],
    [givesWay, '"ends":[[1,-35]]', '"ends":[]', 7, "ends"],
    [execSleeps, '"wt":[0],"wl":[[1,1]]', '"wt":[1],"wl":[[1,1]]', 9, "wt"],
    [inTurn, '"wl":[[0,3]]', '"wl":[[0,2]]', 4, "wl"],
    [inTurn, '"ends":[[2,-512]]', '"ends":[[2,-4]]', 6, "ends"],
    [loneMember, "[1,2,2,2,0,2,0,0,1,0,0,0,0]", "[1,2,2,2,0,2,0,0,1,0,0,0,1]", 3, "bos"],
  ] as const
) {
  Deno.test(`a changed "${field}" (${to}) in a small trace is a divergence at its operation`, async () => {
    assertEquals(await divergence(text, from, to), [operation, [field]]);
  });
}
