import 'katex/dist/katex.min.css'
import rehypeKatex from 'rehype-katex'
import remarkMath from 'remark-math'

/** Loaded when a text has maths: the fonts and rules weigh more than the page. */
export const remarkMaths: [typeof remarkMath, { singleDollarTextMath: false }] = [
  remarkMath,
  { singleDollarTextMath: false },
]

/**
 * Formulas as people see them, and as MathML for screen readers. Written by a model, so: no links, no images, no macro
 * without end, nothing larger than the text around it by far; what is wrong is shown as it was written.
 */
export const rehypeMaths: [typeof rehypeKatex, object] = [
  rehypeKatex,
  { trust: false, strict: 'ignore', maxExpand: 500, maxSize: 12, errorColor: 'var(--danger)' },
]
