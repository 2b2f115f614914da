// Through a switch of production's tables, as `tee_infra.client` does in Python: the open slot is named by a pointer in
// the control table, and a write is sent only while the last read of it is younger than its lease.

/** The parts of `DynamoDB` of `@aws-sdk/client-dynamodb`, version 3, that are used. */
export interface DynamoDBLike {
  getItem(input: any): Promise<any>;
  query(input: any): Promise<any>;
  batchGetItem(input: any): Promise<any>;
  updateItem(input: any): Promise<any>;
  readonly middlewareStack: { add(middleware: any, options: any): void; remove(name: string): boolean };
}

/** The tables of the open slot cannot be used now. */
export class SlotTablesError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}
/** A write was not sent, because the environment's writes are held: during a switch, or without a fresh pointer. */
export class WritesHeldError extends SlotTablesError {}
/** The pointer was never read, so the open slot is unknown, for reads as well. */
export class PointerUnreadableError extends SlotTablesError {}
/** A write was sent, and answered only after a switch may have closed its slot: it may not be in the open slot. */
export class WriteUncertainError extends SlotTablesError {}

interface Pointer {
  readonly epoch: number;
  readonly state: string;
  readonly slot: string;
  /** Seconds since 1970, in DRAINING only. */
  readonly drainUntil?: number;
}

/** Seconds by one clock or more. A lease is as old as by the one that says most: each of them may stop or go back. */
export type Clock = () => readonly number[];

const CONTROL_TABLE = "tee-control";
const PRODUCTION = "prod";
const SLOT = /^(?:legacy|prod(?:-v[1-9][0-9]{0,3})?|staging|dev|test|feature-[a-z0-9-]{1,32})$/;
/** Seconds for which a read of the pointer permits writes: none in DRAINING, and none in a state of a later version. */
const LEASES = new Map([["ACTIVE", 5], ["PREPARING", 0.5]]);
const RENEWAL = 0.1;
const CALM_RENEWAL = 1.5;
const LONGEST_DRAIN = 30;
const PATIENCE = 60;
const AN_ABORT = 3;

/** A process's own clock stops while the machine sleeps, and the other one may be set. */
const bothClocks: Clock = () => [performance.now() / 1000, Date.now() / 1000];

function elapsed(since: readonly number[], now: readonly number[]): number {
  return Math.max(...now.map((time, index) => time - (since[index] ?? time)));
}

function physicalName(slot: string, table: string): string {
  return slot === "legacy" ? table : `${slot}-${table}`;
}

/** Whether the slot may have been closed in between: an abort takes three epochs at most, a switch and its return more. */
function hasMoved(began: Pointer, now: Pointer): boolean {
  const epochs = now.epoch - began.epoch;
  return now.slot !== began.slot || epochs < 0 || epochs > AN_ABORT;
}

/** A timer that keeps no process alive. */
function laterUnlessEnded(act: () => void, seconds: number): void {
  (setTimeout(act, seconds * 1000) as unknown as { unref?: () => void }).unref?.();
}

class UnknownPointerError extends Error {}

/** The pointer in an item. Throws `UnknownPointerError` if this version writes no such item. */
function parsePointer(item: Record<string, any>, environment: string): Pointer {
  const text = (name: string, kind: string): string => {
    const wire = item[name];
    const value = wire?.[kind];
    if (typeof value !== "string" || Object.keys(wire).length !== 1) {
      throw new UnknownPointerError(`its ${name} is missing or of another type`);
    }
    return value;
  };
  const state = text("state", "S");
  if (state !== "DRAINING" && !LEASES.has(state)) {
    throw new UnknownPointerError(`the state ${JSON.stringify(state)} is not known to this version`);
  }
  const members = ["epoch", "pk", "sk", "slot", "state"];
  const names = Object.keys(item).sort();
  if (names.join() !== (state === "DRAINING" ? ["drain_until", ...members] : members).join()) {
    throw new UnknownPointerError(`its members are ${names.join(", ")}`);
  }
  if (text("pk", "S") !== `pointer#${environment}` || text("sk", "S") !== "pointer") {
    throw new UnknownPointerError("it is another item");
  }
  const [epoch, slot] = [text("epoch", "N"), text("slot", "S")];
  if (!/^[1-9][0-9]*$/.test(epoch) || !Number.isSafeInteger(Number(epoch))) {
    throw new UnknownPointerError(`the epoch ${JSON.stringify(epoch)} is not a positive whole number`);
  }
  if (!SLOT.test(slot)) {
    throw new UnknownPointerError(`the slot ${JSON.stringify(slot)} is not known to this version`);
  }
  const pointer = { epoch: Number(epoch), state, slot };
  if (state !== "DRAINING") {
    return pointer;
  }
  const until = text("drain_until", "S");
  const drainUntil = /^\d{4}-\d\d-\d\dT[0-9:.]{5,}(?:Z|[+-]\d\d:\d\d)$/.test(until) ? Date.parse(until) / 1000 : NaN;
  if (Number.isNaN(drainUntil)) {
    throw new UnknownPointerError(`drain_until ${JSON.stringify(until)} is not a timestamp`);
  }
  return { ...pointer, drainUntil };
}
