# Claude Desktop, profile hostile: is it there?
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
$key = $root.OpenSubKey($path)
if ($null -eq $key) { Write-Output 'policy key missing'; exit 1 }
foreach ($pair in $wanted.GetEnumerator()) {
  $value = $key.GetValue($pair.Key, $null, 'DoNotExpandEnvironmentNames')
  if ($null -eq $value -or $key.GetValueKind($pair.Key) -ne 'String' -or
      [string]$value -cne $pair.Value) {
    Write-Output "differs: $($pair.Key)"; exit 1
  }
}
foreach ($name in $key.GetValueNames()) {
  if (-not $wanted.ContainsKey($name)) { Write-Output "left over: $name"; exit 1 }
}
Write-Output 'as wanted'
exit 0
