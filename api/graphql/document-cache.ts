import type { DocumentNode } from 'graphql'

const kept = 500
const keptCharacters = 16_384

/** Documents that were parsed lately, in bounded memory. Long ones are parsed each time: mostly nobody sends them twice. */
export function createDocumentCache() {
  const documents = new Map<string, DocumentNode>()
  return {
    get(text: string): DocumentNode | undefined {
      const found = documents.get(text)
      if (found) {
        documents.delete(text)
        documents.set(text, found)
      }
      return found
    },
    set(text: string, document: DocumentNode): void {
      if (text.length > keptCharacters) return
      if (documents.size >= kept) documents.delete(documents.keys().next().value ?? '')
      documents.set(text, document)
    },
  }
}

/** Refusals are not kept: they hang on the variables too. */
export const noCache = { get: () => undefined, set: () => {} }
