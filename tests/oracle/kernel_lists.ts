import type { BoDevice, BufferView, EvictionPolicy } from "@ttm/core";
import type { DeviceState } from "../../core/state/device_state.ts";

/** Members of the device's eviction order that are not in its interface. */
interface Lists extends EvictionPolicy {
  after(entry: number): number;
  moveBehind(entry: number, other: number): void;
  moveStretchToTail(first: number, last: number, list: number): void;
}

/** The internal state of a device. */
export function insideOf(device: BoDevice): DeviceState {
  const probe = device.createBuffer({ bytes: 1 });
  const inside = probe["state"] as DeviceState;
  probe.unref();
  return inside;
}

/**
 * LONE_MEMBER_STAYS: the lists of a device in which a buffer can be in the list of another priority, until it is
 * unreserved or its bulk is moved.
 */
export class KernelLists {
  #inside: DeviceState;
  /** By entry: the priority of the list that it is in, and the priority that its policy has for it. */
  #stands = new Map<number, number>();
  #taken = new Map<number, number>();

  constructor(inside: DeviceState) {
    this.#inside = inside;
    const policy = inside.order.policy as Lists;
    const { insert, touch, moveBehind, moveStretchToTail } = policy;
    policy.insert = (entry, buffer, memoryType) => {
      this.#taken.set(entry, buffer.priority);
      this.#stands.set(entry, buffer.priority);
      insert.call(policy, entry, buffer, memoryType);
    };
    policy.touch = (entry) => {
      const buffer = this.#owner(entry);
      this.#stands.set(entry, buffer.priority);
      if (this.#taken.get(entry) === buffer.priority) return touch.call(policy, entry);
      policy.remove(entry, "moved");
      policy.insert(entry, buffer, inside.resources.place(entry).type.name);
    };
    policy.moveBehind = (entry, other) => {
      this.#stands.set(entry, this.#stands.get(other) ?? 0);
      moveBehind.call(policy, entry, other);
    };
    policy.moveStretchToTail = (first, last, list) => {
      for (let entry = first;; entry = policy.after(entry)) {
        this.#stands.set(entry, this.#owner(entry).priority);
        if (entry === last) break;
      }
      moveStretchToTail.call(policy, first, last, list);
    };
  }

  /** By priority: the entries in the lists of a memory type. */
  of(memoryType: string): BufferView[][] {
    const rows = this.#rows(memoryType);
    return [0, 1, 2, 3].map((priority) =>
      rows.filter((row) => this.#stands.get(row) === priority).map((row) => this.#owner(row))
    );
  }

  /** Whether every entry is in the list of its priority. */
  get areInOrder(): boolean {
    return this.#inside.types.every(({ name }) =>
      this.#rows(name).every((row) => this.#stands.get(row) === this.#owner(row).priority)
    );
  }

  #rows(memoryType: string): number[] {
    const type = this.#inside.types.find(({ name }) => name === memoryType);
    return type === undefined ? [] : [...this.#inside.order.candidates(type)];
  }

  #owner(entry: number): BufferView {
    return this.#inside.resources.buffer(entry) as BufferView;
  }
}
