/** All words of the pages: English says which there are. */
export type Messages = typeof import('./en.ts').messages

/** The same in another language. A key that is missing there fails the types. */
export type Translated<Original> = {
  readonly [Key in keyof Original]: Original[Key] extends string ? string : Translated<Original[Key]>
}
