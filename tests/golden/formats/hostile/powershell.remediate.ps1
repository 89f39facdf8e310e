# Claude Desktop, profile hostile: write it
# Run in the system's context.
$ErrorActionPreference = 'Stop'
$root = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Registry64')
$path = 'SOFTWARE\Policies\Claude'
$wanted = New-Object 'System.Collections.Generic.Dictionary[string,string]' ([StringComparer]::OrdinalIgnoreCase)
$wanted.Add('inferenceProvider', 'gateway')
$wanted.Add('inferenceCredentialKind', 'interactive')
$wanted.Add('inferenceGatewayBaseUrl', 'https://claude.contoso.example/a?b=c&d=<e>')
$wanted.Add('builtinToolPolicy', '{"Bash(curl *)":"ask"}')
$wanted.Add('allowedWorkspaceFolders', ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('WyJDOlxcVXNlcnNcXE8nTmVpbCBcInhcIlxcIiwifi/DnG7Dr2PDtmTDqSDwn6aKIl0='))))
$wanted.Add('organizationInstructions', ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('Zmlyc3QgbGluZQpzZWNvbmQNCnRoaXJkCXRhYiBdXT4gPCEtLSAtLT4gJVBBVEglICRIT01FIGB4YCBcYmFja1xzbGFzaFwg4oCYY3VybHnigJkg4oCccXVvdGVz4oCdIDsgIyBbeF0gQD0='))))
$wanted.Add('otlpEndpoint', 'https://o.example')
$wanted.Add('otlpResourceAttributes', '{"quote\"d":"a\nb","%VAR%":"]]>"}')
$wanted.Add('deploymentDisplayName', ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('Ikdyw7bDn2UiICYgJ0vDpHNlJyA85Lit5paHPiDwn6aK8J+RqeKAjfCfkrs='))))
$wanted.Add('banner', ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('eyJlbmFibGVkIjp0cnVlLCJ0ZXh0Ijoi8J2UmCBdXT4gJiA8ID4gXCIgJyBcXCAlMSB7MH0ifQ=='))))
$wanted.Add('contosoUnknownKey', 'kept "as" it came')
$wanted.Add('contosoUnknownList', '["a",{"b":null}]')
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
