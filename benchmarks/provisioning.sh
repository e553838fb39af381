# The steps of the plan as a careful person scripts them with az: what can go on at the same
# time does, and nothing waits longer than it has to. Asked with SUBSCRIPTION, ARM, CALLER
# (object id) and GRANT_S (seconds that a role needs until Key Vault honours it).
set -eu
group=/subscriptions/$SUBSCRIPTION/resourceGroups/rg-ml
providers=$group/providers
vault=$providers/Microsoft.KeyVault/vaults/kv-ml-prod
put() { az rest --method put --url "$ARM$1?api-version=$2" --body "$3" --output none; }
state() { az rest --url "$ARM$1?api-version=$2" --query properties.provisioningState --output tsv; }

for name in MachineLearningServices Storage KeyVault DocumentDB Search Insights OperationalInsights
do az provider register --namespace Microsoft.$name --output none & done
az group create --name rg-ml --location westeurope --output none &
wait
for name in MachineLearningServices Storage KeyVault DocumentDB Search Insights OperationalInsights
do az provider register --wait --namespace Microsoft.$name --output none & done
wait

for name in kv-ml-prod kv-ml-secrets
do az keyvault create --name $name --resource-group rg-ml --location westeurope --no-wait \
	--enable-purge-protection true --enable-rbac-authorization true --output none & done
az storage account create --name stmlprodaz --resource-group rg-ml --location westeurope \
	--sku Standard_LRS --output none &
(
	put $providers/Microsoft.OperationalInsights/workspaces/log-ml 2023-09-01 \
		'{"location": "westeurope", "properties": {"sku": {"name": "PerGB2018"}}}'
	put $providers/Microsoft.Insights/components/appi-ml 2020-02-02 '{"location": "westeurope",
		"kind": "web", "properties": {"Application_Type": "web",
		"WorkspaceResourceId": "'$providers'/Microsoft.OperationalInsights/workspaces/log-ml"}}'
) &
cosmos=$(az ad sp show --id a232010e-820c-4083-83bb-3ace5fc29d0b --query id --output tsv)
learning=$(az ad sp show --id 0736f41a-0425-4b46-bdb5-1563eff02385 --query id --output tsv)
az role assignment create --assignee-object-id $learning --role Contributor \
	--assignee-principal-type ServicePrincipal --scope /subscriptions/$SUBSCRIPTION --output none &
until [ "$(state $vault 2023-07-01)" = Succeeded ]; do :; done
az role assignment create --assignee-object-id $CALLER --role "Key Vault Crypto Officer" \
	--assignee-principal-type User --scope $vault --output none &
az role assignment create --assignee-object-id $cosmos --scope $vault --output none \
	--role "Key Vault Crypto Service Encryption User" --assignee-principal-type ServicePrincipal
sleep $GRANT_S
until key=$(az keyvault key create --vault-name kv-ml-prod --name cmk-ml --kty RSA --size 3072 \
	--query key.kid --output tsv 2>/dev/null); do :; done
wait

workspace=$providers/Microsoft.MachineLearningServices/workspaces/mlw-prod
put $workspace 2025-12-01 '{"location": "westeurope", "identity": {"type": "SystemAssigned"},
	"properties": {"friendlyName": "mlw-prod",
	"storageAccount": "'$providers'/Microsoft.Storage/storageAccounts/stmlprodaz",
	"keyVault": "'$providers'/Microsoft.KeyVault/vaults/kv-ml-secrets",
	"applicationInsights": "'$providers'/Microsoft.Insights/components/appi-ml",
	"encryption": {"status": "Enabled", "keyVaultProperties":
		{"keyVaultArmId": "'$vault'", "keyIdentifier": "'$key'"}}}}'
until found=$(state $workspace 2025-12-01); [ "$found" != Creating ]; do :; done
managed=$(az rest --url "$ARM$workspace?api-version=2025-12-01" --output tsv \
	--query properties.serviceProvisionedResourceGroup)
url="$ARM/subscriptions/$SUBSCRIPTION/resourceGroups/$managed/resources?api-version=2021-04-01"
az rest --url "$url" --output none
[ "$found" = Succeeded ]
