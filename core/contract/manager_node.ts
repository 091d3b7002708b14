/** An allocated piece of a memory type. Managers add the members that they need to free it. */
export interface ManagerNode {
  /** First page of the range. */
  readonly start: number;
}
