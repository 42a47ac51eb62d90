import type { Browser, BrowserContext } from 'playwright-core'
import { cuts, pause, says, startProvider } from '../tests/support/scripted-provider.ts'
import { type ParleyServer, startParley } from './parley-server.ts'
import { type Language, signUp, takeOne, visit, wordsOf } from './pictures.ts'

type Provider = Awaited<ReturnType<typeof startProvider>>

/** The states that a model on a script brings about: at work, waiting, failed, without a line, without a server. */
export async function takeStates(
  browser: Browser,
  language: Language,
  newContext: (browser: Browser, url: string, language: Language) => Promise<BrowserContext>,
): Promise<void> {
  const provider = await startProvider()
  const model = { OPENAI_BASE_URL: provider.url, OPENAI_API_KEY: 'test', PARLEY_MODEL: 'a-model' }
  const parley = await startParley(3761, model)
  const context = await newContext(browser, parley.url, language)
  try {
    await walk(context, provider, parley, language)
  } finally {
    await context.close()
    await parley.close()
    await provider.close()
  }
}

async function walk(context: BrowserContext, provider: Provider, parley: ParleyServer, language: Language) {
  const words = wordsOf(language)
  const page = await context.newPage()
  const log = page.getByRole('log')
  const say = async (text: string) => {
    await page.getByRole('textbox', { name: words.chat.message }).fill(text)
    await page.keyboard.press('Enter')
  }
  await visit(page, '/sign-up')
  await signUp(page, language)
  await visit(page, '/dashboard/chat')

  provider.plays(cuts('A fable has two'))
  await say('What is a fable?')
  await page.getByRole('button', { name: words.common.tryAgain }).waitFor()
  await takeOne(page, language, 'chat-failed')

  provider.plays(says('Once upon a time', pause, ' there was a tortoise.'), says('Here is another.'))
  await say('Tell me one.')
  await log.getByText('Once upon a time').waitFor()
  await takeOne(page, language, 'chat-streaming')
  await say('And one more.')
  await log.getByText(words.chat.waitsForTurn).waitFor()
  await takeOne(page, language, 'chat-waiting')
  provider.resume()
  await log.getByText('Here is another.').waitFor()

  await parley.kill()
  await page.getByText(words.connection.reconnecting).or(page.getByText(words.connection.lost)).first().waitFor()
  await takeOne(page, language, 'chat-reconnecting')
  await context.setOffline(true)
  await page.getByText(words.chat.youAreOffline).waitFor()
  await takeOne(page, language, 'chat-offline')
}
