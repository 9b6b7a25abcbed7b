// Package questions holds the questions that the demo evaluates models on: everyday situations with three choices each,
// written for this project, in the format that package dataset calls FormatChoices.
package questions
