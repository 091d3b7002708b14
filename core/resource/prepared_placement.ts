import { checkBoolean, checkInteger, checkOptions, show } from "../base/arguments.ts";
import { ANY_CACHING, cachingMask } from "../base/caching.ts";
import { TtmError } from "../base/errors.ts";
import type { AllocationRequest } from "../contract/mem_type_manager.ts";
import type { MemoryType } from "./memory_type.ts";
import { PLACE, type Place, PLACEMENT, type Placement } from "../contract/placement.ts";

/** A request to the manager of a place, of which only the buffer changes from one to the next. */
type PlaceRequest = { -readonly [Member in keyof AllocationRequest]: AllocationRequest[Member] };

/** A checked place. */
export interface PreparedPlace {
  readonly place: Place;
  readonly type: MemoryType;
  readonly fpfn: number;
  /** `Infinity` for the end of the memory type. */
  readonly lpfn: number;
  /** The caching attributes that both the place and its memory type allow; 0 for none, and nothing fits. */
  readonly cachingMask: number;
  readonly topDown: boolean;
  readonly contiguous: boolean;
  readonly temporary: boolean;
  /** One object for all buffers, since managers may read it only during the call. */
  readonly request: PlaceRequest;
}

/** A placement that a device has checked; it can be passed to validate many times without another check. */
export class PreparedPlacement {
  /** @internal The places of the first pass, which does not evict. */
  readonly places: readonly PreparedPlace[];
  /** @internal The places of the second pass, which evicts. */
  readonly busyPlaces: readonly PreparedPlace[];
  /** @internal Whether both passes try the same single place, so that the second one alone finds the same. */
  readonly isOnePlace: boolean;
  /** @internal Its place if it has just one, in SYSTEM, with a caching attribute that fits; else null. */
  readonly onlySystem: PreparedPlace | null;
  /** Whether it has no places, so that validating it purges the buffer. */
  readonly isEmpty: boolean;
  /** @internal The memory types that it was checked against. */
  readonly types: ReadonlyMap<string, MemoryType>;

  /** @internal Use `device.preparePlacement`. */
  constructor(types: ReadonlyMap<string, MemoryType>, placement: Placement) {
    checkOptions("prepare placement", placement, PLACEMENT, "the placement");
    this.types = types;
    this.places = preparePlaces(types, "placement", placement.placement);
    this.busyPlaces = placement.busyPlacement === undefined
      ? this.places
      : preparePlaces(types, "busyPlacement", placement.busyPlacement);
    this.isOnePlace = this.busyPlaces === this.places && this.places.length === 1;
    this.isEmpty = this.places.length === 0 && this.busyPlaces.length === 0;
    const [place] = this.places;
    this.onlySystem = this.isOnePlace && place?.type.isSystem === true && place.cachingMask !== 0 ? place : null;
  }
}

function preparePlaces(
  types: ReadonlyMap<string, MemoryType>,
  list: string,
  places: readonly Place[],
): readonly PreparedPlace[] {
  if (!Array.isArray(places)) {
    throw new TtmError("EINVAL", `Cannot prepare placement: ${list} must be an array of places, not ${show(places)}`);
  }
  return places.map((place: Place, at) => preparePlace(types, `${list}[${at}]`, place));
}

/**
 * Checks one place.
 *
 * @throws {TtmError} `EINVAL` if the memory type is unknown, the range is empty or not of whole numbers, or a caching
 * attribute is unknown. `where` names the place in the message.
 */
export function preparePlace(types: ReadonlyMap<string, MemoryType>, where: string, place: Place): PreparedPlace {
  const what = "prepare placement";
  checkOptions(what, place, PLACE, where);
  const type = types.get(place.memoryType);
  if (type === undefined) {
    const known = [...types.keys()].join(", ");
    throw new TtmError(
      "EINVAL",
      `Cannot ${what}: ${where} names memory type ${show(place.memoryType)}, this device has ${known}`,
    );
  }
  const fpfn = checkInteger(what, `${where}.fpfn`, place.fpfn ?? 0, 0, Number.MAX_SAFE_INTEGER);
  const lpfn = checkInteger(what, `${where}.lpfn`, place.lpfn ?? 0, 0, Number.MAX_SAFE_INTEGER) || Infinity;
  if (lpfn <= fpfn) throw new TtmError("EINVAL", `Cannot ${what}: ${where} has the empty range [${fpfn}, ${lpfn})`);
  const mask = place.caching === undefined ? ANY_CACHING : cachingMask(place.caching);
  if (mask === 0) throw new TtmError("EINVAL", `Cannot ${what}: ${where}.caching has an unknown attribute`);
  const { topDown = false, contiguous = false, temporary = false } = place;
  checkBoolean(what, `${where}.topDown`, topDown);
  checkBoolean(what, `${where}.contiguous`, contiguous);
  checkBoolean(what, `${where}.temporary`, temporary);
  const request: PlaceRequest = { pages: 0, alignment: 1, fpfn, lpfn, topDown, contiguous };
  return {
    place,
    type,
    fpfn,
    lpfn,
    cachingMask: mask & type.availableCaching,
    topDown,
    contiguous,
    temporary,
    request,
  };
}
