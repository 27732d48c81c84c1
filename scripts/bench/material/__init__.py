"""What quality is measured on: functions with their questions, commits with their files."""
