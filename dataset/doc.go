// Package dataset reads multiple-choice questions from the bytes of a dataset transaction.
//
// Two formats are known; both are one JSON array in UTF-8, and the first row decides which it is.
//
// FormatSIQA is the JSON of Social IQa (Sap et al., 2019) as the first proof of concept stored it:
//
//	[{"context": "…", "question": "…", "answerA": "…", "answerB": "…", "answerC": "…", "result": "1", "id": 0}, …]
//
// where result is "1", "2" or "3" and id is optional.
//
// FormatChoices is our own, for any dataset with 2 to 26 choices a question:
//
//	[{"id": "tea-1", "context": "…", "question": "…", "choices": ["…", "…"], "answer": 0}, …]
//
// where id is a text or a whole number that no other row has, context is optional and answer counts from 0.
//
// Texts are kept byte for byte: no trimming, no change of quotes. The order of the questions is that of the file.
// Unknown members of a row are ignored. Everything else that is not as above is refused, with the number of the row.
package dataset
