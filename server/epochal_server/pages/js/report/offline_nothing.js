// Stands in an exported report for a library that its text has no need of.

export default null;
