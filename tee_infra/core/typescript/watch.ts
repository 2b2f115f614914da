interface View {
  /** Undefined if it cannot be known. */
  readonly pointer?: Pointer;
  /** By the clock, before the read was sent. */
  readonly readAt: readonly number[];
  /** Of the last read. */
  readonly problem?: string;
  /** There is no pointer and none will come. */
  readonly final?: boolean;
}

/** Reads the pointer of one environment in the background, from the first question on. */
class PointerWatch {
  view: View | undefined;
  /** Seconds since 1970 by AWS's clock, from its last answer; set from outside, as no answer of a client has it. */
  awsTime: number | undefined;
  private slot: string | undefined;
  private closed = false;
  private running = false;
  private wanted = false;
  private endPause: () => void = () => {};
  private readonly waiting = new Set<() => void>();
  private firstSeen: { readonly epoch: number; readonly at: number };

  private readonly client: DynamoDBLike;
  private readonly environment: string;
  private readonly clock: Clock;

  constructor(client: DynamoDBLike, environment: string, clock: Clock) {
    this.client = client;
    this.environment = environment;
    this.clock = clock;
    this.firstSeen = { epoch: 0, at: clock()[0] ?? 0 };
  }

  /** The slot to read from, as last read, however long ago. Throws `PointerUnreadableError`. */
  async slotToRead(timeout: number): Promise<string> {
    if (this.slot === undefined) {
      this.start();
      await this.changed(timeout, () => this.view !== undefined);
    }
    if (this.slot === undefined) {
      throw new PointerUnreadableError(
        `${this.environment}: the pointer to its tables cannot be read: ${this.problem()}. Nothing was read`,
      );
    }
    return this.slot;
  }

  /** The pointer that permits a write now. Waits for it; throws `WritesHeldError` after `timeout` seconds. */
  async openPointer(timeout: number): Promise<Pointer> {
    const deadline = performance.now() + timeout * 1000;
    for (;;) {
      const pointer = this.closed ? undefined : this.permitted();
      if (pointer !== undefined) {
        return pointer;
      }
      this.start();
      this.wake();
      const left = deadline - performance.now();
      if (left <= 0 || this.closed) {
        throw new WritesHeldError(
          `${this.environment}: writes are held: ${this.problem()}. The request was not sent; run it again`,
        );
      }
      const seen = this.view;
      await this.changed(left / 1000, () => this.view !== seen || this.closed);
    }
  }

  /** The pointer, while its lease has not expired. */
  permitted(): Pointer | undefined {
    const { pointer, readAt, final } = this.view ?? { readAt: [] };
    if (pointer === undefined || final) {
      return pointer;
    }
    const age = elapsed(readAt, this.clock());
    return age >= 0 && age < (LEASES.get(pointer.state) ?? 0) ? pointer : undefined;
  }

  /** The open slot; undefined before the first read, during a switch, and while the pointer cannot be read. */
  calmSlot(): string | undefined {
    const { pointer, problem } = this.view ?? {};
    return pointer?.state === "ACTIVE" && problem === undefined ? pointer.slot : undefined;
  }

  close(): void {
    this.closed = true;
    this.wake();
    this.notify();
  }

  private wake(): void {
    this.wanted = true;
    this.endPause();
  }

  private problem(): string {
    if (this.closed) {
      return "this object is closed";
    }
    const { pointer, problem } = this.view ?? { problem: "the first read of the pointer has not ended" };
    return problem ?? `the pointer is ${pointer?.state} at epoch ${pointer?.epoch}`;
  }

  private start(): void {
    if (!this.running && !this.closed) {
      this.running = true;
      void this.run();
    }
  }

  private async run(): Promise<void> {
    while (!this.closed) {
      await this.look();
      if (this.view?.final) {
        break;
      }
      const calm = this.calmSlot() !== undefined;
      if (!calm || !this.wanted) {
        await new Promise<void>((resolve) => {
          laterUnlessEnded(resolve, calm ? CALM_RENEWAL : RENEWAL);
          this.endPause = calm ? resolve : () => {}; // for a write without a lease, e.g. after a sleep
        });
      }
      this.wanted = false;
    }
    this.running = false;
  }

  /** Read the pointer. A failed read leaves the lease to expire; an item of another version ends it now. */
  private async look(): Promise<void> {
    const readAt = this.clock();
    try {
      const pointer = await this.read();
      this.show(this.viewOf(pointer, readAt));
      if (pointer?.state === "DRAINING" && this.mayEnd(pointer, readAt[0] ?? 0)) {
        await this.endDrain(pointer);
      }
    } catch (error) {
      if (error instanceof UnknownPointerError) {
        this.show({ readAt, problem: `the pointer cannot be read: ${error.message}` });
      } else {
        const problem = `reading the pointer failed: ${error instanceof Error ? `${error.name}: ${error.message}` : error}`;
        this.show({ ...(this.view ?? { readAt }), problem });
      }
    }
  }

  private async read(): Promise<Pointer | undefined> {
    const key = { pk: { S: `pointer#${this.environment}` }, sk: { S: "pointer" } };
    const input = { TableName: CONTROL_TABLE, Key: key, ConsistentRead: true, ReturnConsumedCapacity: "TOTAL" };
    let answer;
    try {
      answer = await this.client.getItem(input);
    } catch (error) {
      if (error instanceof Error && error.name === "ResourceNotFoundException") {
        return undefined;
      }
      throw error;
    }
    if (answer.ConsumedCapacity === undefined) { // DynamoDB sends it when it is asked to; an empty answer means nothing
      throw new UnknownPointerError("the reply is not DynamoDB's: it has no ConsumedCapacity");
    }
    return answer.Item === undefined ? undefined : parsePointer(answer.Item, this.environment);
  }

  private viewOf(pointer: Pointer | undefined, readAt: readonly number[]): View {
    if (pointer !== undefined) {
      if (pointer.epoch !== this.firstSeen.epoch) {
        this.firstSeen = { epoch: pointer.epoch, at: readAt[0] ?? 0 };
      }
      return { pointer, readAt };
    }
    if (this.firstSeen.epoch > 0) {
      throw new UnknownPointerError("it was there, and is gone");
    }
    const absent = { epoch: 0, state: "ACTIVE", slot: this.environment };
    return { pointer: absent, readAt, final: this.environment !== PRODUCTION };
  }

  /** Whether to try to end the drain. The condition of the write decides whether it ends. */
  private mayEnd(pointer: Pointer, now: number): boolean {
    const awsTime = this.awsTime ?? Date.now() / 1000;
    return now - this.firstSeen.at >= LONGEST_DRAIN || (pointer.drainUntil !== undefined && awsTime >= pointer.drainUntil);
  }

  /** Open the old slot again, unless the drain has already ended in one way or the other. */
  private async endDrain(pointer: Pointer): Promise<void> {
    try {
      await this.client.updateItem({
        TableName: CONTROL_TABLE,
        Key: { pk: { S: `pointer#${this.environment}` }, sk: { S: "pointer" } },
        UpdateExpression: "SET #epoch = :after, #state = :active REMOVE #until",
        ConditionExpression: "#epoch = :epoch AND #state = :draining",
        ExpressionAttributeNames: { "#epoch": "epoch", "#state": "state", "#until": "drain_until" },
        ExpressionAttributeValues: {
          ":after": { N: `${pointer.epoch + 1}` },
          ":active": { S: "ACTIVE" },
          ":epoch": { N: `${pointer.epoch}` },
          ":draining": { S: "DRAINING" },
        },
      });
    } catch (error) {
      if (!(error instanceof Error && error.name === "ConditionalCheckFailedException")) {
        throw error;
      }
    }
  }

  private show(view: View): void {
    this.view = view;
    this.slot = view.pointer?.slot ?? this.slot;
    this.notify();
  }

  private notify(): void {
    for (const wake of [...this.waiting]) {
      wake();
    }
  }

  /** Wait until `condition` holds, `timeout` seconds at most. */
  private async changed(timeout: number, condition: () => boolean): Promise<void> {
    const deadline = performance.now() + timeout * 1000;
    for (let left = timeout * 1000; left > 0 && !condition(); left = deadline - performance.now()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, left);
        const waiting = this.waiting;
        waiting.add(done);
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
      });
    }
  }
}
