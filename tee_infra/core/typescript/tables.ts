const WRITES = ["PutItemCommand", "UpdateItemCommand", "DeleteItemCommand"];
const READS = ["GetItemCommand", "QueryCommand", "BatchGetItemCommand"];
const MIDDLEWARE = "slotTables";
let made = 0;

/**
 * The physical names of an environment's tables, through a switch from one slot to the next.
 *
 * `client`: the `DynamoDB` that the app writes with, also through `DynamoDBDocumentClient.from(client)`. Each of its
 * writes to a table named here, also a retry, is sent only to the open slot and while the lease has not expired;
 * another client's are not checked. An environment without a pointer costs one read.
 *
 * `shadowReads`: repeat a share of this client's reads in the open slot and in another one, and count the answers that
 * differ (`tee-infra migrate status`). Only prod has another slot: elsewhere no read is repeated.
 */
export class SlotTables {
  private readonly client: DynamoDBLike;
  private readonly watch: PointerWatch;
  private readonly shadow: ShadowReader | undefined;
  private readonly middleware = `${MIDDLEWARE}${made++}`;
  /** Physical name -> table and seconds of patience of each table that was named. */
  private readonly named = new Map<string, { readonly table: string; readonly timeout: number }>();

  constructor(environment: string, options: { client: DynamoDBLike; shadowReads?: ShadowReads; clock?: Clock }) {
    if (/^prod-v[0-9]+$/.test(environment)) {
      throw new Error(`${environment} is a slot of prod. Give the environment: prod`);
    }
    if (environment === "legacy" || !SLOT.test(environment)) {
      throw new Error(`unknown environment ${JSON.stringify(environment)}; production's is prod`);
    }
    this.client = options.client;
    this.watch = new PointerWatch(options.client, environment, options.clock ?? bothClocks);
    if (options.shadowReads !== undefined && environment === PRODUCTION) {
      this.shadow = new ShadowReader(options.client, environment, options.shadowReads, this.watch);
    }
    // Of the steps before a request is sent this is the last one, and it runs for each attempt.
    const place = { step: "finalizeRequest", priority: "low", name: this.middleware, override: true };
    this.client.middlewareStack.add((next: any, context: any) => (request: any) => this.send(next, context, request), place);
  }

  /** The table to read from: `tee-admin` -> `prod-v2-tee-admin`. After a switch it may be 1.5 s old. */
  async name(table: string): Promise<string> {
    return this.noted(await this.watch.slotToRead(PATIENCE), table, PATIENCE);
  }

  /**
   * Call `write` with the table to write to, which is valid until it returns. Waits while a switch holds writes.
   *
   * Throws `WritesHeldError` after `timeout` seconds, from the start or from a request in `write`; that request was not
   * sent. Throws `WriteUncertainError` from the end.
   */
  async writing<T>(table: string, write: (name: string) => Promise<T>, timeout: number = PATIENCE): Promise<T> {
    const began = await this.watch.openPointer(timeout);
    const result = await write(this.noted(began.slot, table, timeout));
    await this.confirm(began, timeout);
    return result;
  }

  /** End the background refresh. Later writes are refused. */
  async close(): Promise<void> {
    this.client.middlewareStack.remove(this.middleware);
    this.watch.close();
    await this.shadow?.close();
  }

  private noted(slot: string, table: string, timeout: number): string {
    const name = physicalName(slot, table);
    this.named.set(name, { table, timeout });
    return name;
  }

  private async send(next: any, context: any, request: any): Promise<any> {
    const { input } = request;
    for (const name of writtenTables(context.commandName, input)) {
      const known = this.named.get(name);
      const open = known && (await this.watch.openPointer(known.timeout));
      if (known && open && physicalName(open.slot, known.table) !== name) {
        throw new WritesHeldError(
          `the open slot is ${open.slot}, and this request is for ${name}. It was not sent; run the block again`,
        );
      }
    }
    const answer = await next(request);
    if (input.TableName === CONTROL_TABLE) {
      const date = Date.parse(answer.response?.headers?.["date"] ?? "");
      this.watch.awsTime = Number.isNaN(date) ? undefined : date / 1000;
    } else if (this.shadow !== undefined && READS.includes(context.commandName)) {
      const names = input.RequestItems ? Object.keys(input.RequestItems) : [input.TableName];
      const table = names.length === 1 ? this.named.get(names[0])?.table : undefined;
      if (table !== undefined) {
        this.shadow.sample(context.commandName, input, names[0], table);
      }
    }
    return answer;
  }

  /**
   * An answer that came while a lease was valid came before a drain could end: no write of it is late. Otherwise the
   * pointer decides, once it is readable and open, however long a request was on its way.
   */
  private async confirm(began: Pointer, timeout: number): Promise<void> {
    let now: Pointer;
    try {
      now = this.watch.permitted() ?? (await this.watch.openPointer(timeout));
    } catch (error) {
      throw new WriteUncertainError(`writes to ${began.slot} were answered late, and ${(error as Error).message}`);
    }
    if (hasMoved(began, now)) {
      throw new WriteUncertainError(
        `writes to ${began.slot} were answered after ${now.slot} was opened. Read them there, and repeat missing ones`,
      );
    }
  }
}

/** The tables that a request writes to, or checks in a transaction. */
function writtenTables(command: string, input: any): string[] {
  if (command === "BatchWriteItemCommand") {
    return Object.keys(input.RequestItems ?? {});
  }
  if (command === "TransactWriteItemsCommand") {
    const parts: any[] = (input.TransactItems ?? []).flatMap((item: any) => Object.values(item));
    return [...new Set(parts.map((part) => part?.TableName))];
  }
  return WRITES.includes(command) ? [input.TableName] : [];
}
