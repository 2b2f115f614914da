/** Send `percent` % of the app's reads to `slot` too, e.g. `{ slot: "prod-v2", percent: 1.5 }`. */
export interface ShadowReads {
  readonly slot: string;
  readonly percent: number;
}

interface Read {
  readonly command: string;
  readonly input: any;
  readonly slot: string;
  readonly table: string;
  /** The first answer of the open slot, in a read that is repeated because both differed. */
  readonly before?: string;
}

const OWN = Symbol("a shadow read");
const WINDOW = 600;
const WINDOWS = 144;
const FASTEST = 0.00025;
const STEP = 1.07;
const BUCKETS = 120;
const LAG = 2;
const FLUSH = 10;
const WAITING = 100;
const AT_ONCE = 60;

/**
 * Repeats reads in both slots, one after the other, and counts what differs, beside the pointer. A difference is looked
 * at again after the replication lag, and shows nothing if the open slot has changed meanwhile.
 */
class ShadowReader {
  readonly counts = new Map<string, number>();
  private readonly queue: Read[] = [];
  private working = false;
  private flushing = false;
  private closed = false;
  private readonly client: DynamoDBLike;
  private readonly environment: string;
  private readonly reads: ShadowReads;
  private readonly watch: PointerWatch;

  constructor(client: DynamoDBLike, environment: string, reads: ShadowReads, watch: PointerWatch) {
    if (!/^(?:legacy|prod(?:-v[1-9][0-9]{0,3})?)$/.test(reads.slot)) {
      throw new Error(`${JSON.stringify(reads.slot)} is not a slot of prod, e.g. prod-v2`);
    }
    if (!(reads.percent > 0 && reads.percent <= 100)) {
      throw new Error(`${reads.percent} is not a share above 0 % and up to 100 %`);
    }
    this.client = client;
    this.environment = environment;
    this.reads = reads;
    this.watch = watch;
  }

  /** Take a read of the app into the sample, or not. */
  sample(command: string, input: any, name: string, table: string): void {
    const slot = this.watch.calmSlot();
    const open = slot !== undefined && slot !== this.reads.slot && physicalName(slot, table) === name;
    if (open && input[OWN] === undefined && this.queue.length < WAITING && Math.random() * 100 < this.reads.percent) {
      this.put({ command, input, slot, table });
    }
  }

  /** Write the counts. */
  async close(): Promise<void> {
    this.closed = true;
    this.queue.length = 0;
    await this.write();
  }

  private put(read: Read): void {
    if (this.closed) {
      return;
    }
    this.queue.push(read);
    if (!this.working) {
      this.working = true;
      void this.work();
    }
  }

  private async work(): Promise<void> {
    for (let read = this.queue.shift(); read !== undefined; read = this.queue.shift()) {
      await (read.before === undefined ? this.compare(read) : this.compareAgain(read, read.before));
    }
    this.working = false;
    if (!this.flushing && this.counts.size > 0) {
      this.flushing = true;
      laterUnlessEnded(() => {
        this.flushing = false;
        void this.write();
      }, FLUSH);
    }
  }

  private async compare(read: Read): Promise<void> {
    const [old, oldSeconds] = await this.send(read, read.slot);
    const [fresh, freshSeconds] = await this.send(read, this.reads.slot);
    if (this.watch.calmSlot() !== read.slot || old === undefined) {
      return;
    }
    if (fresh === undefined) {
      this.failed(read.table);
      return;
    }
    this.count(`o${latencyBucket(oldSeconds)}`);
    this.count(`n${latencyBucket(freshSeconds)}`);
    if (old !== "" && old === fresh) {
      this.count(`reads#${read.table}`);
    } else if (old !== "") {
      laterUnlessEnded(() => this.put({ ...read, before: old }), LAG);
    }
  }

  private async compareAgain(read: Read, before: string): Promise<void> {
    const [fresh] = await this.send(read, this.reads.slot, true);
    const [old] = await this.send(read, read.slot, true);
    if (this.watch.calmSlot() !== read.slot || old !== before) {
      return;
    }
    if (fresh === undefined) {
      this.failed(read.table);
    } else if (fresh !== "") {
      this.count(`reads#${read.table}`);
      if (fresh !== old) {
        this.count(`differ#${read.table}`);
      }
    }
  }

  private failed(table: string): void {
    this.count(`failed#${table}`);
    this.count(`n${BUCKETS - 1}`);
  }

  private count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** The answer of a slot in one form, empty if it cannot be compared, undefined if there is none; and its seconds. */
  private async send({ command, input, table }: Read, slot: string, strong = false): Promise<[string | undefined, number]> {
    const name = physicalName(slot, table);
    const more = strong && input.IndexName === undefined ? { ConsistentRead: true } : {};
    const began = performance.now();
    try {
      let answer;
      if (command === "BatchGetItemCommand") {
        const [keys] = Object.values<any>(input.RequestItems);
        answer = await this.client.batchGetItem({ ...input, RequestItems: { [name]: { ...keys, ...more } }, [OWN]: true });
      } else {
        const read = { ...input, TableName: name, ...more, [OWN]: true };
        answer = await (command === "QueryCommand" ? this.client.query(read) : this.client.getItem(read));
      }
      const seconds = (performance.now() - began) / 1000;
      return [comparable(command, input, answer) ?? "", seconds];
    } catch {
      return [undefined, 0];
    }
  }

  /** Add the counts to the item of the window; what is not written stays for the next time. */
  private async write(): Promise<void> {
    try {
      while (this.counts.size > 0) {
        const counts = [...this.counts].slice(0, AT_ONCE);
        await this.writeSome(counts, Math.floor((this.watch.awsTime ?? Date.now() / 1000) / WINDOW));
        for (const [name, number] of counts) {
          const left = (this.counts.get(name) ?? 0) - number;
          if (left > 0) {
            this.counts.set(name, left);
          } else {
            this.counts.delete(name);
          }
        }
      }
    } catch {
      // Counts are for the operator of a switch; the app goes on without.
    }
  }

  private async writeSome(counts: [string, number][], window: number): Promise<void> {
    const sortKey = `shadow#${this.reads.slot}#${String(window % WINDOWS).padStart(3, "0")}`;
    const update = {
      TableName: CONTROL_TABLE,
      Key: { pk: { S: `pointer#${this.environment}` }, sk: { S: sortKey } },
    };
    const names = { "#c": "counts", "#w": "window" };
    try {
      await this.client.updateItem({
        ...update,
        UpdateExpression: "SET " + counts.map((_, i) => `#c.#${i} = if_not_exists(#c.#${i}, :zero) + :${i}`).join(", "),
        ConditionExpression: "#w = :w",
        ExpressionAttributeNames: { ...names, ...Object.fromEntries(counts.map(([name], i) => [`#${i}`, name])) },
        ExpressionAttributeValues: {
          ":w": { N: `${window}` },
          ":zero": { N: "0" },
          ...Object.fromEntries(counts.map(([, number], i) => [`:${i}`, { N: `${number}` }])),
        },
      });
    } catch (error) {
      if (!(error instanceof Error && error.name === "ConditionalCheckFailedException")) {
        throw error;
      }
      const first = Object.fromEntries(counts.map(([name, number]) => [name, { N: `${number}` }]));
      await this.client.updateItem({
        ...update,
        UpdateExpression: "SET #c = :c, #w = :w",
        ConditionExpression: "attribute_not_exists(#w) OR #w < :w",
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ":c": { M: first }, ":w": { N: `${window}` } },
      });
    }
  }
}

/** The bucket of a latency: each ends at 1.07 times the end of the one before. */
function latencyBucket(seconds: number): number {
  return seconds <= FASTEST ? 0 : Math.min(Math.ceil(Math.log(seconds / FASTEST) / Math.log(STEP) - 1e-9), BUCKETS - 1);
}

/**
 * An answer in one form, with its items in any order; undefined for a batch with unprocessed keys. A page of an index
 * that is not its last one counts by its size: items with equal sort keys have no order there.
 */
function comparable(command: string, input: any, answer: any): string | undefined {
  let items: any[];
  if (command === "BatchGetItemCommand") {
    if (Object.keys(answer.UnprocessedKeys ?? {}).length > 0) {
      return undefined;
    }
    items = Object.values<any[]>(answer.Responses ?? {}).flat();
  } else if (command === "QueryCommand") {
    if (input.IndexName !== undefined && answer.LastEvaluatedKey !== undefined) {
      return `${answer.Count} and more`;
    }
    items = answer.Items ?? [];
  } else {
    items = answer.Item === undefined ? [] : [answer.Item];
  }
  return [`${answer.Count ?? items.length}`, ...items.map((item) => asText({ M: item })).sort()].join("\n");
}

/** A value as text: numbers by their value, sets and maps in one order. */
function asText(value: any): string {
  const [kind = "", wire] = Object.entries<any>(value)[0] ?? [];
  switch (kind) {
    case "N":
      return `N(${numberText(wire)})`;
    case "B":
      return `B(${[...wire].join()})`;
    case "BS":
      return `BS(${wire.map((each: any) => [...each].join()).sort().join(" ")})`;
    case "NS":
      return `NS(${wire.map(numberText).sort().join()})`;
    case "SS":
      return `SS(${wire.map((each: string) => JSON.stringify(each)).sort().join()})`;
    case "L":
      return `L(${wire.map(asText).join()})`;
    case "M":
      return `M(${Object.keys(wire).sort().map((name) => `${JSON.stringify(name)}:${asText(wire[name])}`).join()})`;
    default:
      return `${kind}(${JSON.stringify(wire)})`;
  }
}

/** A number in one form: its digits without zeros at either end, and its exponent: `1.50` -> `15E-1`. */
function numberText(text: string): string {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const short = digits.replace(/0+$/, "");
  const shift = Number(exponent) - fraction.length + digits.length - short.length;
  return short === "" ? "0" : `${sign === "-" ? "-" : ""}${short}E${shift}`;
}
