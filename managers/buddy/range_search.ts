import { type BlockTree, powerOfTwo } from "./block_tree.ts";

/** A half-open range of chunks. */
export interface Chunks {
  readonly start: number;
  readonly end: number;
}

/**
 * The free block of an order at the lowest address in a range: first one of the wanted state, then any. Larger blocks are
 * split on the way.
 *
 * @returns -1 if there is none.
 */
export function lowestInRange(tree: BlockTree, range: Chunks, order: number, cleared: boolean): number {
  for (const anyState of [false, true]) {
    for (const root of tree.roots) {
      const found = lowestBelow(tree, root, range, order, cleared, anyState);
      if (found >= 0) return found;
    }
  }
  return -1;
}

function lowestBelow(
  tree: BlockTree,
  row: number,
  range: Chunks,
  order: number,
  cleared: boolean,
  anyState: boolean,
): number {
  const isPossible = tree.hasFree(row, order, cleared) || (anyState && tree.hasFree(row, order, !cleared));
  if (!isPossible || !hasRoom(tree, row, range, order)) return -1;
  // To the kernel a split block is not cleared, whatever is below: it looks for cleared memory in whole roots only.
  if (cleared && !anyState && tree.isSplit(row)) return -1;
  const start = tree.start(row);
  const isInside = start >= range.start && start + tree.size(row) <= range.end;
  if (isInside && tree.order(row) === order) return tree.isFree(row) ? row : -1;
  if (!tree.isSplit(row)) tree.split(row);
  const found = lowestBelow(tree, tree.left(row), range, order, cleared, anyState);
  return found >= 0 ? found : lowestBelow(tree, tree.right(row), range, order, cleared, anyState);
}

/** Whether a block of an order, aligned to its size, fits into both a block and a range. */
function hasRoom(tree: BlockTree, row: number, range: Chunks, order: number): boolean {
  const size = powerOfTwo(order);
  const start = Math.max(tree.start(row), range.start);
  const end = Math.min(tree.start(row) + tree.size(row), range.end);
  return Math.ceil(start / size) * size + size <= Math.floor(end / size) * size;
}

/** What a search for an exact range has found. */
export interface ExactRange {
  /** Free blocks from its start on, in the order of their addresses. */
  readonly rows: number[];
  /** Whether they are all of it. */
  readonly complete: boolean;
}

/**
 * Takes all blocks of a range below some blocks, splitting those at its ends. It ends at the first that is allocated; what
 * has been taken by then is the caller's to give back.
 */
export function takeRange(tree: BlockTree, from: readonly number[], range: Chunks): ExactRange {
  const rows: number[] = [];
  let taken = 0;
  const isWholly = (row: number) => tree.start(row) >= range.start && tree.start(row) + tree.size(row) <= range.end;
  const visit = (row: number): boolean => {
    if (tree.start(row) >= range.end || tree.start(row) + tree.size(row) <= range.start) return true;
    if (tree.isAllocated(row)) return false;
    if (isWholly(row)) {
      if (tree.isFree(row)) {
        tree.take(row);
        taken += tree.size(row);
        rows.push(row);
        return true;
      }
      // Without cleared memory, halves that are both free would have been joined.
      if (tree.freeCleared === 0) return false;
    }
    if (!tree.isSplit(row)) tree.split(row);
    return visit(tree.left(row)) && visit(tree.right(row));
  };
  const complete = from.every(visit) && taken >= range.end - range.start;
  return { rows, complete };
}
