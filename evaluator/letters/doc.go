// Package letters is the evaluation protocol letters/v1: the bytes of its prompts, for ever.
//
// The model reads the question with its choices listed by letter and is asked for the next token only. Its answer is the
// letter with the highest probability among the letters of the question's choices; of equal ones, the first. No chat
// template is applied, no example is given, and no text is parsed.
//
// The prompt is these bytes, each line ended by one line feed, without one after the last:
//
//	Choose the best answer to each question. Reply with its letter.
//
//	Context: {context}
//	Question: {question}
//	A. {first choice}
//	B. {second choice}
//	… one line for each choice …
//	Answer:
//
// The Context line is left out where the context is empty. Texts go in as the dataset has them, byte for byte. The first
// line and the empty line after it are the same for every question: the shared prefix.
//
// The token that stands for a letter is the last token of the text "Answer: " followed by that letter, tokenized without
// special tokens. A tokenizer for which these are not different tokens cannot be asked by this protocol.
package letters
