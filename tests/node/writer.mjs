// An app that writes through `SlotTables` until its standard input ends: puts, updates and deletes of a few keys, about
// ten in a second.
// Writes as a JSON object what its items may be: key -> values, null for no item; more than one for an uncertain write.
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import { SlotTables, WritesHeldError, WriteUncertainError } from './tables.js'

const client = new DynamoDB({
  endpoint: process.argv[2], region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
})
const tables = new SlotTables('prod', { client })
const present = {}
const slots = new Set()
let [acknowledged, ended] = [0, false]
process.stdin.on('end', () => (ended = true)).resume()

async function send(TableName, key, value) {
  const Key = { pk: { S: key }, sk: { S: 'x' } }
  if (value === null) {
    await client.deleteItem({ TableName, Key })
  } else if (value % 2) {
    await client.putItem({ TableName, Item: { ...Key, value: { N: `${value}` } } })
  } else {
    await client.updateItem({
      TableName,
      Key,
      UpdateExpression: 'SET #value = :value',
      ExpressionAttributeNames: { '#value': 'value' },
      ExpressionAttributeValues: { ':value': { N: `${value}` } },
    })
  }
  slots.add(TableName.replace('-tee-admin', ''))
}

while (!ended) {
  const key = `ts-${Math.floor(Math.random() * 6)}`
  const value = Math.random() < 0.3 ? null : acknowledged
  present[key] ??= [null]
  try {
    await tables.writing('tee-admin', (name) => send(name, key, value), 30)
    present[key] = [value]
    acknowledged += 1
  } catch (error) {
    if (error instanceof WriteUncertainError) {
      present[key].push(value)
    } else if (!(error instanceof WritesHeldError)) {
      throw error
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100))
}
await tables.close()
process.stdout.write(JSON.stringify({ present, slots: [...slots], acknowledged }))
