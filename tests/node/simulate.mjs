// Reads simulations as a JSON array on standard input; writes their results, in the same order, as another.
// A simulation whose policies or request the library finds invalid gives its complaint instead of a result.
import { readFileSync } from 'node:fs'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const simulations = JSON.parse(readFileSync(0, 'utf8'))
const results = []
for (const simulation of simulations) {
  const response = await runSimulation(simulation, {})
  results.push(response.resultType === 'error' ? JSON.stringify(response.errors) : response.overallResult)
}
process.stdout.write(JSON.stringify(results))
