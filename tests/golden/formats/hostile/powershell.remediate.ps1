# Claude Desktop, profile hostile: write it
# Run in the system's context, as a 64-bit process.
$ErrorActionPreference = 'Stop'
$path = 'HKLM:\SOFTWARE\Policies\Claude'
$wanted = [ordered]@{
  'inferenceProvider' = 'gateway'
  'inferenceCredentialKind' = 'interactive'
  'inferenceGatewayBaseUrl' = 'https://claude.contoso.example/a?b=c&d=<e>'
  'builtinToolPolicy' = '{"Bash(curl *)":"ask"}'
  'allowedWorkspaceFolders' = ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('WyJDOlxcVXNlcnNcXE8nTmVpbCBcInhcIlxcIiwifi/DnG7Dr2PDtmTDqSDwn6aKIl0=')))
  'organizationInstructions' = ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('Zmlyc3QgbGluZQpzZWNvbmQNCnRoaXJkCXRhYiBdXT4gPCEtLSAtLT4gJVBBVEglICRIT01FIGB4YCBcYmFja1xzbGFzaFwg4oCYY3VybHnigJkg4oCccXVvdGVz4oCdIDsgIyBbeF0gQD0=')))
  'otlpEndpoint' = 'https://o.example'
  'otlpResourceAttributes' = '{"quote\"d":"a\nb","%VAR%":"]]>"}'
  'deploymentDisplayName' = ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('Ikdyw7bDn2UiICYgJ0vDpHNlJyA85Lit5paHPiDwn6aK8J+RqeKAjfCfkrs=')))
  'banner' = ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('eyJlbmFibGVkIjp0cnVlLCJ0ZXh0Ijoi8J2UmCBdXT4gJiA8ID4gXCIgJyBcXCAlMSB7MH0ifQ==')))
  'contosoUnknownKey' = 'kept "as" it came'
  'contosoUnknownList' = '["a",{"b":null}]'
}
if (-not (Test-Path -LiteralPath $path)) { New-Item -Path $path -Force | Out-Null }
$found = Get-Item -LiteralPath $path
foreach ($name in $found.GetValueNames()) {
  if ($wanted.Contains($name)) { continue }
  if ($name -eq '') { $found.OpenSubKey('', $true).DeleteValue('') }
  else { Remove-ItemProperty -LiteralPath $path -Name $name }
}
foreach ($name in $wanted.Keys) {
  New-ItemProperty -LiteralPath $path -Name $name -Value $wanted[$name] -PropertyType String -Force | Out-Null
}
Write-Output 'written; Claude Desktop reads it at its next start'
exit 0
