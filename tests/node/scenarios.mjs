// Plays the scenarios of tests/client/scenarios.json on the compiled `SlotTables`, with the AWS SDK against an endpoint.
// Writes the problem of each as a JSON object on standard output: name -> text, empty for none.
import assert from 'node:assert/strict'
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import { PointerUnreadableError, SlotTables, WritesHeldError, WriteUncertainError } from './tables.js'

const [endpoint, scenarios] = [process.argv[2], JSON.parse(process.argv[3])]
const settings = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } }
const operator = new DynamoDB(settings)
const CONTROL = 'tee-control'
const KEY = { pk: { S: 'pointer#prod' }, sk: { S: 'pointer' } }
const TABLE = 'tee-admin'
const wallClock = Date.now

const eventually = async (condition) => {
  const deadline = performance.now() + 5000
  while (!(await condition())) {
    assert(performance.now() < deadline, 'waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

class Runner {
  constructor(environment, ownClock) {
    this.time = 1000
    this.asked = []
    this.isCutOff = false
    this.client = new DynamoDB(settings)
    const clock = ownClock ? {} : { clock: () => [this.time] }
    this.app = new SlotTables(environment, { client: this.client, ...clock })
    const watch = (next, context) => async (request) => {
      const operation = context.commandName.replace('Command', '')
      this.asked.push(operation)
      if (this.isCutOff && ['GetItem', 'UpdateItem'].includes(operation)) {
        throw new Error('cut off')
      }
      return next(request)
    }
    this.client.middlewareStack.add(watch, { step: 'deserialize', priority: 'low', name: 'watch' })
  }

  async play(steps) {
    for (const [name, ...values] of steps) {
      try {
        await this[name](...values)
      } catch (error) {
        error.message = `${name} ${values.slice(0, 2).join(' ')}: ${error.message}`
        throw error
      }
    }
  }

  async pointer(state, epoch, slot, drainFor = 30) {
    const until = new Date(wallClock() + drainFor * 1000).toISOString().replace('Z', '+00:00')
    const drain = state === 'DRAINING' ? { drain_until: { S: until } } : {}
    const item = { ...KEY, epoch: { N: `${epoch}` }, state: { S: state }, slot: { S: slot }, ...drain }
    await operator.putItem({ TableName: CONTROL, Item: item })
  }

  async item(changes) {
    const item = { ...KEY, epoch: { N: '2' }, state: { S: 'PREPARING' }, slot: { S: 'prod' }, ...changes }
    await operator.putItem({ TableName: CONTROL, Item: item })
  }

  async 'no pointer'() {
    await operator.deleteItem({ TableName: CONTROL, Key: KEY })
  }

  async 'no table'() {
    await operator.deleteTable({ TableName: CONTROL })
  }

  async 'cut off'(isCutOff) {
    this.isCutOff = isCutOff
  }

  async advance(seconds) {
    this.time += seconds
  }

  async skew(seconds) {
    Date.now = () => wallClock() + seconds * 1000
  }

  async name(expected) {
    assert.equal(await this.app.name(TABLE), expected)
  }

  async 'name fails'() {
    await assert.rejects(this.app.name(TABLE), PointerUnreadableError)
  }

  async write(expected) {
    await eventually(async () => (await this.app.writing(TABLE, async (name) => name, 5)) === expected)
  }

  async isHeld() {
    return this.app.writing(TABLE, async () => false, 0).catch((error) => {
      assert(error instanceof WritesHeldError, error)
      return true
    })
  }

  async held() {
    assert(await this.isHeld())
  }

  async 'soon held'() {
    await eventually(() => this.isHeld())
  }

  async block(steps, outcome) {
    const play = async (name) => {
      this.inside = name
      await this.play(steps)
      return 'acknowledged'
    }
    const found = await this.app.writing(TABLE, play, 1).catch((error) => {
      assert(error instanceof WriteUncertainError, error)
      return 'uncertain'
    })
    assert.equal(found, outcome)
  }

  async put(outcome) {
    const sent = this.client.putItem({ TableName: this.inside, Item: { pk: { S: 'a' } } }).then(() => 'sent')
    const found = await sent.catch((error) => {
      assert(error instanceof WritesHeldError, error)
      return 'held'
    })
    assert.equal(found, outcome)
  }

  async 'pointer is'(state, epoch, slot) {
    const { Item: item } = await operator.getItem({ TableName: CONTROL, Key: KEY, ConsistentRead: true })
    assert.deepEqual([item.state.S, Number(item.epoch.N), item.slot.S], [state, epoch, slot])
  }

  async asked_(operation, times) {
    assert.equal(this.asked.filter((each) => each === operation).length, times)
  }

  async 'asked at least'(operation, times) {
    await eventually(() => this.asked.filter((each) => each === operation).length >= times)
  }

  async close() {
    await this.app.close()
  }
}

const problems = {}
for (const { name, environment = 'prod', steps, own_clock: ownClock } of scenarios) {
  await operator.deleteItem({ TableName: CONTROL, Key: KEY })
  const runner = new Runner(environment, ownClock)
  try {
    await runner.play(steps.map(([step, ...values]) => [step === 'asked' ? 'asked_' : step, ...values]))
    problems[name] = ''
  } catch (error) {
    problems[name] = `${error.stack ?? error}`
  }
  Date.now = wallClock
  await runner.close()
  if (steps.some(([step]) => step === 'no table')) {
    const key = (AttributeName, KeyType) => ({ AttributeName, KeyType })
    const attribute = (AttributeName) => ({ AttributeName, AttributeType: 'S' })
    await operator.createTable({
      TableName: CONTROL,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [key('pk', 'HASH'), key('sk', 'RANGE')],
      AttributeDefinitions: [attribute('pk'), attribute('sk')],
    })
  }
}
process.stdout.write(JSON.stringify(problems))
