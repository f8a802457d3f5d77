"""Words that our templates have besides Django's."""
