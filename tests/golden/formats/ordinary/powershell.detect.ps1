# Claude Desktop, profile ordinary: is it there?
# Run in the system's context, as a 64-bit process.
$ErrorActionPreference = 'Stop'
$path = 'HKLM:\SOFTWARE\Policies\Claude'
$wanted = [ordered]@{
  'inferenceProvider' = 'gateway'
  'inferenceCredentialKind' = 'interactive'
  'inferenceGatewayBaseUrl' = 'https://claude.contoso.example'
  'inferenceGatewayOidc' = '{"issuer":"https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0","clientId":"8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101","bearerTokenType":"access_token","scopes":"api://b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55/Gateway.Access"}'
  'inferenceModels' = '["claude-sonnet-5",{"name":"claude-opus-5","labelOverride":"Opus","supports1m":true}]'
  'inferenceModelPricingEnabled' = 'true'
  'inferenceModelPricingMultiplier' = '0.85'
  'disableDeploymentModeChooser' = 'true'
  'chatTabEnabled' = 'true'
  'allowedWorkspaceFolders' = '[{"path":"%OneDrive%\\Work","mode":"ro"},"~/Projects"]'
  'coworkEgressAllowedHosts' = '["*.contoso.example","pypi.org"]'
  'disableBypassPermissionsMode' = 'true'
  'egressProxyUrl' = 'http://proxy.contoso.example:8080'
  'managedMcpServers' = '[{"name":"search","transport":"http","url":"https://mcp.contoso.example/search","toolPolicy":{"*":"ask"}},{"name":"Microsoft 365","server":"microsoft365"}]'
  'autoUpdaterEnforcementHours' = '24'
  'otlpEndpoint' = 'https://otel.contoso.example:4318'
  'otlpResourceAttributes' = '{"team":"trading"}'
  'banner' = '{"enabled":true,"text":"Contoso internal","backgroundColor":"#003366","textColor":"#FFFFFF"}'
}
$found = Get-Item -LiteralPath $path -ErrorAction SilentlyContinue
if ($null -eq $found) { Write-Output 'policy key missing'; exit 1 }
foreach ($name in $wanted.Keys) {
  $value = $found.GetValue($name, $null, 'DoNotExpandEnvironmentNames')
  if ($null -eq $value -or [string]$value -cne $wanted[$name] -or
      $found.GetValueKind($name) -ne 'String') {
    Write-Output "differs: $name"; exit 1
  }
}
foreach ($name in $found.GetValueNames()) {
  if (-not $wanted.Contains($name)) { Write-Output "left over: $name"; exit 1 }
}
Write-Output 'as wanted'
exit 0
