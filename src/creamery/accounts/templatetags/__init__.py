"""Words that letters about accounts have besides Django's."""
