# Claude Desktop, profile ordinary: write it
# Run in the system's context.
$ErrorActionPreference = 'Stop'
$root = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
$path = 'SOFTWARE\Policies\Claude'
$wanted = New-Object 'System.Collections.Generic.Dictionary[string,string]' ([StringComparer]::OrdinalIgnoreCase)
$wanted.Add('inferenceProvider', 'gateway')
$wanted.Add('inferenceCredentialKind', 'interactive')
$wanted.Add('inferenceGatewayBaseUrl', 'https://claude.contoso.example')
$wanted.Add('inferenceGatewayOidc', '{"issuer":"https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0","clientId":"8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101","bearerTokenType":"access_token","scopes":"api://b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55/Gateway.Access"}')
$wanted.Add('inferenceModels', '["claude-sonnet-5",{"name":"claude-opus-5","labelOverride":"Opus","supports1m":true}]')
$wanted.Add('inferenceModelPricingEnabled', 'true')
$wanted.Add('inferenceModelPricingMultiplier', '0.85')
$wanted.Add('disableDeploymentModeChooser', 'true')
$wanted.Add('chatTabEnabled', 'true')
$wanted.Add('allowedWorkspaceFolders', '[{"path":"%OneDrive%\\Work","mode":"ro"},"~/Projects"]')
$wanted.Add('coworkEgressAllowedHosts', '["*.contoso.example","pypi.org"]')
$wanted.Add('disableBypassPermissionsMode', 'true')
$wanted.Add('egressProxyUrl', 'http://proxy.contoso.example:8080')
$wanted.Add('managedMcpServers', '[{"name":"search","transport":"http","url":"https://mcp.contoso.example/search","toolPolicy":{"*":"ask"}},{"name":"Microsoft 365","server":"microsoft365"}]')
$wanted.Add('autoUpdaterEnforcementHours', '24')
$wanted.Add('otlpEndpoint', 'https://otel.contoso.example:4318')
$wanted.Add('otlpResourceAttributes', '{"team":"trading"}')
$wanted.Add('banner', '{"enabled":true,"text":"Contoso internal","backgroundColor":"#003366","textColor":"#FFFFFF"}')
$key = $root.CreateSubKey($path)
foreach ($name in $key.GetValueNames()) {
  if (-not $wanted.ContainsKey($name)) { $key.DeleteValue($name) }
}
foreach ($pair in $wanted.GetEnumerator()) {
  $key.SetValue($pair.Key, $pair.Value, 'String')
}
$key.Close()
Write-Output 'written; Claude Desktop reads it at its next start'
exit 0
