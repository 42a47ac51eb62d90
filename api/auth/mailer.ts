import { createTransport } from 'nodemailer'

export type Mail = { to: string; subject: string; text: string }

export type MailSettings = {
  /** `smtp://user:password@host:587`, or `smtps://…` for TLS from the first byte. */
  smtpUrl: string
  /** `Parley <parley@example.com>` */
  from: string
}

export type Mailer = {
  /** Hands a letter over. Comes back at once: nobody may learn from the time whether there was one to send. */
  send(mail: Mail): void
  /** Waits for what is on its way. */
  close(): Promise<void>
}

/** Sends over SMTP. What cannot be sent is noted in the log, without address and text. */
export function createMailer({ smtpUrl, from }: MailSettings): Mailer {
  const transport = createTransport({
    ...{ url: smtpUrl, connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 },
    // A letter is the text that is given, whatever its words look like.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  })
  const underWay = new Set<Promise<void>>()
  return {
    send(mail) {
      const sent = transport
        .sendMail({ from, ...mail })
        .then(() => {}, complain)
        .finally(() => underWay.delete(sent))
      underWay.add(sent)
    },
    async close() {
      await Promise.all(underWay)
      transport.close()
    },
  }
}

/** The words of a mail server repeat the address: only its code is told. */
function complain(error: { code?: unknown; responseCode?: unknown }): void {
  console.error(`mail: a letter could not be sent (${[error.code, error.responseCode].filter(Boolean).join(' ')})`)
}
