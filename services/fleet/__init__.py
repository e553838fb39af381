"""Questions over all subscriptions, asked of Azure Resource Graph."""
