"""The only place that knows an Azure SDK; SDK models never leave it."""
