import { Failure, inWords } from '~/failure.ts'
import { words } from '~/language.tsx'

/**
 * Sends a file to be imported, telling the share of it that is out. Gives the id of the job. Rejects with a `Failure`. Not
 * with `fetch`, which does not say how much was sent.
 */
export function upload(file: File, tell: (share: number) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', '/import')
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.responseType = 'json'
    request.upload.onprogress = ({ loaded, total }) => tell(total > 0 ? loaded / total : 0)
    request.onerror = () => reject(new Failure('NETWORK', words()('moving.cut')))
    request.onload = () => {
      const answer = request.response as { import?: { id: string }; error?: { code: string; message: string } } | null
      const code = answer?.error?.code ?? 'INTERNAL_SERVER_ERROR'
      if (answer?.import) resolve(answer.import.id)
      else reject(new Failure(code, inWords(code, answer?.error?.message)))
    }
    request.send(file)
  })
}
