"""The pages of those who look after projects."""
