// Compiles src/ to compiled.json, always the same bytes, and writes SHA256SUMS.
//
// usage: node compile.js            (NODE_PATH holds solc of the version below)
//        node compile.js --check    compile again and compare with the committed file

'use strict';

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');

const VERSION = '0.8.30';
const SETTINGS = {
  // Runs on every fork since London: no PUSH0.
  evmVersion: 'london',
  optimizer: { enabled: true, runs: 200 },
  // Nothing about paths or the compiler in the code, so that its hash depends on the sources alone.
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
  outputSelection: {
    '*': {
      '*': ['abi', 'storageLayout', 'evm.methodIdentifiers', 'evm.bytecode.object',
        'evm.deployedBytecode.object'],
    },
  },
};

const here = __dirname;
const sources = () => fs.readdirSync(path.join(here, 'src')).filter((name) => name.endsWith('.sol')).sort();

function compile() {
  const solc = require('solc');
  if (!solc.version().startsWith(`${VERSION}+`)) {
    throw new Error(`solc ${VERSION} is needed, this is ${solc.version()}`);
  }
  const input = { language: 'Solidity', sources: {}, settings: SETTINGS };
  for (const name of sources()) {
    input.sources[name] = { content: fs.readFileSync(path.join(here, 'src', name), 'utf8') };
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input)));
  for (const message of output.errors || []) {
    throw new Error(message.formattedMessage);
  }
  const contracts = {};
  for (const file of Object.keys(output.contracts).sort()) {
    for (const name of Object.keys(output.contracts[file]).sort()) {
      const { abi, evm, storageLayout } = output.contracts[file][name];
      if (evm.bytecode.object === '') continue;
      contracts[name] = {
        source: file,
        selectors: Object.fromEntries(
          Object.entries(evm.methodIdentifiers).map(([signature, selector]) => [signature, `0x${selector}`])),
        events: abi.filter(({ type }) => type === 'event').map(({ name: event, inputs }) =>
          `${event}(${inputs.map(({ type, indexed }) => type + (indexed ? ' indexed' : '')).join(',')})`),
        // A gap is one member; a struct is listed by its members' slots.
        slots: Object.fromEntries(storageLayout.storage.flatMap(({ label, slot, type }) => {
          const { members } = storageLayout.types[type];
          return (members || [{ label, slot: '0' }]).map((member) =>
            [member.label, Number(slot) + Number(member.slot)]);
        })),
        creation: `0x${evm.bytecode.object}`,
        runtime: `0x${evm.deployedBytecode.object}`,
      };
    }
  }
  const settings = { ...SETTINGS, outputSelection: undefined };
  return `${JSON.stringify({ solc: VERSION, settings, contracts }, null, 1)}\n`;
}

function sums(compiled) {
  const digest = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
  const lines = [`${digest(compiled)}  compiled.json`];
  for (const name of sources()) {
    lines.push(`${digest(fs.readFileSync(path.join(here, 'src', name)))}  src/${name}`);
  }
  return `${lines.join('\n')}\n`;
}

const compiled = compile();
const files = { 'compiled.json': compiled, SHA256SUMS: sums(compiled) };
if (process.argv[2] === '--check') {
  for (const [name, content] of Object.entries(files)) {
    if (fs.readFileSync(path.join(here, name), 'utf8') !== content) {
      console.error(`compile.js: ${name} differs from what is compiled now`);
      process.exitCode = 1;
    }
  }
} else {
  for (const [name, content] of Object.entries(files)) {
    fs.writeFileSync(path.join(here, name), content);
  }
}
