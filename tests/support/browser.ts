import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const installed = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'].map(
  (it) => `/usr/bin/${it}`,
)

/** A real Chromium: the one that CHROMIUM_PATH names, the system's, or the one from npm. */
export async function launchBrowser(): Promise<Browser> {
  const found = process.env.CHROMIUM_PATH ?? installed.find((it) => !process.env.NO_SYSTEM_CHROMIUM && existsSync(it))
  return chromium.launch(found ? { executablePath: found } : await browserFromNpm())
}

/** Unpacks the browser once into node_modules/.cache, with the libraries and the font that a bare machine lacks. */
async function browserFromNpm() {
  const folder = resolve(createRequire(import.meta.url).resolve('@sparticuz/chromium'), '../..')
  const { version }: { version: string } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const home = resolve('node_modules/.cache', `chromium-${version}`)
  if (!existsSync(home)) await unpack(folder, home)
  const env = { LD_LIBRARY_PATH: join(home, 'al2023/lib'), FONTCONFIG_FILE: join(home, 'fonts.conf') }
  return { executablePath: join(home, 'chromium'), env: { ...definedEnvironment(), ...env } }
}

async function unpack(folder: string, home: string): Promise<void> {
  mkdirSync(resolve(home, '..'), { recursive: true })
  const part = mkdtempSync(`${home}.`)
  const before = process.env.TMPDIR
  try {
    process.env.TMPDIR = part // the package unpacks into the temporary folder, nowhere else
    const { inflate } = await import('@sparticuz/chromium')
    for (const file of ['chromium', 'fonts.tar', 'swiftshader.tar', 'al2023.tar'])
      await inflate(join(folder, `bin/${file}.br`))
    writeFileSync(join(part, 'fonts.conf'), fontsConfiguration(home))
    renameSync(part, home) // whole or not at all
  } catch (error) {
    rmSync(part, { recursive: true, force: true })
    if (!existsSync(home)) throw error // else another process was first
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
}

const fontsConfiguration = (home: string) => `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${home}/fonts</dir><cachedir>${home}/fonts-cache</cachedir></fontconfig>
`

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value ? [[name, value]] : [])))
}
