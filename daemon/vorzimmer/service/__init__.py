"""What people do by keys on a telephone: agents record announcements, drafts are tried, clients switch their line."""
