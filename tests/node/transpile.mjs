// Takes the types out of the named TypeScript modules, without checking them; `tsc` checks them in one test.
import { readFileSync, writeFileSync } from 'node:fs'
import ts from 'typescript'

const compilerOptions = { target: ts.ScriptTarget.ES2020, module: ts.ModuleKind.ESNext }
for (const file of process.argv.slice(2)) {
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions })
  writeFileSync(file.replace(/\.ts$/, '.js'), outputText)
}
