"""Where regions lie, as ARM's list of locations tells it."""

_PLACES = {
    "eastus": ("US", "-79.8164", "37.3719", "Virginia", "westus"),
    "eastus2": ("US", "-78.3889", "36.6681", "Virginia", "centralus"),
    "centralus": ("US", "-93.6208", "41.5908", "Iowa", "eastus2"),
    "southcentralus": ("US", "-98.5", "29.4167", "Texas", "northcentralus"),
    "northcentralus": ("US", "-87.6278", "41.8819", "Illinois", "southcentralus"),
    "westus": ("US", "-122.417", "37.783", "California", "eastus"),
    "westus2": ("US", "-119.852", "47.233", "Washington", "westcentralus"),
    "westus3": ("US", "-112.074036", "33.448376", "Phoenix", "eastus"),
    "canadacentral": ("Canada", "-79.383", "43.653", "Toronto", "canadaeast"),
    "brazilsouth": ("South America", "-46.633", "-23.55", "Sao Paulo State", "southcentralus"),
    "northeurope": ("Europe", "-6.2597", "53.3478", "Ireland", "westeurope"),
    "westeurope": ("Europe", "4.9", "52.3667", "Netherlands", "northeurope"),
    "uksouth": ("UK", "-0.799", "50.941", "London", "ukwest"),
    "francecentral": ("Europe", "2.373", "46.3772", "Paris", "francesouth"),
    "germanywestcentral": ("Europe", "8.682127", "50.110924", "Frankfurt", "germanynorth"),
    "switzerlandnorth": ("Europe", "8.564572", "47.451542", "Zurich", "switzerlandwest"),
    "swedencentral": ("Europe", "17.14127", "60.67488", "Gävle", "swedensouth"),
    "norwayeast": ("Norway", "10.752245", "59.913868", "Norway", "norwaywest"),
    "southeastasia": ("Asia Pacific", "103.833", "1.283", "Singapore", "eastasia"),
    "eastasia": ("Asia Pacific", "114.188", "22.267", "Hong Kong", "southeastasia"),
    "japaneast": ("Asia Pacific", "139.77", "35.68", "Tokyo, Saitama", "japanwest"),
    "koreacentral": ("Asia Pacific", "126.978", "37.5665", "Seoul", "koreasouth"),
    "australiaeast": (
        "Asia Pacific",
        "151.2094",
        "-33.86",
        "New South Wales",
        "australiasoutheast",
    ),
    "centralindia": ("Asia Pacific", "73.9197", "18.5822", "Pune", "southindia"),
    "southafricanorth": ("Africa", "28.21837", "-25.73134", "Johannesburg", "southafricawest"),
}


def geography(region: str) -> tuple[str, str, str, str, str]:
    """Geography group, longitude, latitude, place and paired region; raises KeyError."""
    return _PLACES[region]
