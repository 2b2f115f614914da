// Compares the answers of tests/client/answers.json, and sends shadow reads with the AWS SDK against an endpoint.
// Writes what it found as a JSON object on standard output.
import { DynamoDB } from '@aws-sdk/client-dynamodb'
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { comparable, latencyBucket, SlotTables } from './tables.js'

const [endpoint, answers, seconds] = [process.argv[2], JSON.parse(process.argv[3]), JSON.parse(process.argv[4])]

/** An answer as the SDK gives it: binary values as bytes. */
const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'))
const asGiven = (value) =>
  Array.isArray(value) ? value.map(asGiven)
  : value === null || typeof value !== 'object' ? value
  : Object.fromEntries(Object.entries(value).map(([name, inner]) => [
      name,
      name === 'B' && typeof inner === 'string' ? bytes(inner)
      : name === 'BS' && Array.isArray(inner) ? inner.map(bytes)
      : asGiven(inner),
    ]))

const verdicts = {}
for (const [name, operation, input, one, two] of answers) {
  const texts = [one, two].map((answer) => comparable(`${operation}Command`, input, asGiven(answer)))
  verdicts[name] = texts.includes(undefined) ? null : texts[0] === texts[1]
}

const client = new DynamoDB({
  endpoint, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1,
})
const documents = DynamoDBDocumentClient.from(client)
const tables = new SlotTables('prod', { client, shadowReads: { slot: 'prod-v2', percent: 100 } })
const TableName = await tables.name('tee-admin')
await client.getItem({ TableName, Key: { pk: { S: 'a' } } })
await documents.send(new GetCommand({ TableName, Key: { pk: 'a' } }))
await documents.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys: [{ pk: 'a' }] } } }))
await documents.send(new GetCommand({ TableName, Key: { pk: 'only in the old slot' } }))
await documents.send(new GetCommand({ TableName, Key: { pk: 'arrives later' } }))
await documents.send(
  new QueryCommand({ TableName, KeyConditionExpression: 'pk = :a', ExpressionAttributeValues: { ':a': 'a' } }),
)
await client.getItem({ TableName: 'prod-v2-tee-admin', Key: { pk: { S: 'a' } } }) // not a table that it has named
await new Promise((resolve) => setTimeout(resolve, 150))
await documents.send(new PutCommand({ TableName: 'prod-v2-tee-admin', Item: { pk: 'arrives later' } }))
await new Promise((resolve) => setTimeout(resolve, 500))
await tables.close()
process.stdout.write(JSON.stringify({ verdicts, buckets: seconds.map(latencyBucket) }))
