"""Drives the built program as an administrator would and checks what it writes with foreign readers.

SALLYPORT names the program, else the newest build/*/sallyport. Nothing outside a temporary folder
is changed; Wine gets a prefix of its own in it, or takes the one that scripts/setup --test made in
build/wine. SIZE=quick leaves out what takes long (the foreign programs that are slow to start).
"""
import json
import os
import pathlib
import plistlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import xml.etree.ElementTree as ElementTree
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
GOLDEN = HERE.parent / "golden"
TENANT = "5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4"
CLIENT = "8f3c2d10-61aa-4b0e-bf57-2a9e4c7d1101"
SCOPE = "api://b7d94e62-0c1f-4f3a-8e25-91f6a3c80b55/Gateway.Access"


# Left out of a quick run, by the seconds that they take.
SLOW = {"test_wine_imports_the_registration_file", "test_claude_code_reads_its_half"}


class Skip(Exception):
    pass


def program():
    if len(sys.argv) > 1:
        return pathlib.Path(sys.argv[1]).resolve()
    if os.environ.get("SALLYPORT"):
        return pathlib.Path(os.environ["SALLYPORT"]).resolve()
    built = sorted(TREE.glob("build/*/sallyport"), key=lambda path: path.stat().st_mtime)
    if not built:
        sys.exit("tests/profile/run: no program; build it, or name it")
    return built[-1]


def need(tool):
    if shutil.which(tool) is None:
        raise Skip(f"{tool} is not installed")


class Proofs:
    def __init__(self, work):
        self.work = work
        self.program = program()
        self.env = dict(os.environ, SALLYPORT_PROFILES=str(work / "profiles"), HOME=str(work / "home"))
        self.env.pop("XDG_CONFIG_HOME", None)
        (work / "home").mkdir()

    def call(self, *words, expect=0, env=None):
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, env=env or self.env)
        assert done.returncode == expect, (
            f"{' '.join(map(str, words))}: exit {done.returncode}, wanted {expect}\n"
            f"{done.stdout[-2000:].decode(errors='replace')}{done.stderr[-2000:].decode(errors='replace')}")
        return done

    def out(self, *words, **more):
        return self.call(*words, **more).stdout

    def tool(self, *words, expect=0, **more):
        done = subprocess.run(list(map(str, words)), capture_output=True, **more)
        assert done.returncode == expect, (
            f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stdout[-800:]}{done.stderr[-800:]}")
        return done.stdout

    def values(self, name):
        return json.loads((self.work / "profiles" / f"{name}.json").read_text())["values"]

    # -- what an administrator does ----------------------------------------------------------------

    def test_a_governed_profile_for_two_groups(self):
        self.call("profile", "new", "staff", "--governed", "https://claude.contoso.example", "--tenant", TENANT,
                  "--client", CLIENT, "--scope", SCOPE)
        self.call("profile", "new", "pilot", "--base", "staff")
        self.call("profile", "set", "pilot", "chatTabEnabled=true", "inferenceModels=claude-sonnet-5,claude-opus-5")
        for name in ("staff", "pilot"):
            self.call("profile", "check", name, "--governed")
        for form in ("mobileconfig", "reg", "linux", "bootstrap"):
            folder = self.work / "governed" / form
            self.call("profile", "export", "pilot", "--format", form, "--governed", "--out", f"{folder}/")
            pair = [path.name for path in folder.rglob("*") if path.is_file()]
            assert "managed-settings.json" in pair and len(pair) == 2, pair
            settings = folder / "claude-code" / "managed-settings.json"
            self.call("profile", "check", "pilot", "--governed", "--claude-code", settings)
        assert b"claude.contoso.example" in self.out("profile", "egress", "pilot")

    def test_a_governed_check_refuses_claude_code_settings_that_go_around(self):
        bad = self.work / "around.json"
        bad.write_text('{"env": {"CLAUDE_CODE_USE_BEDROCK": "1"}}')
        found = json.loads(self.out("profile", "check", "staff", "--governed", "--claude-code", bad, "--json", expect=1))
        keys = [finding["key"] for finding in found["findings"] if finding["code"] == "governed.claude_code"]
        assert keys == ["env.ANTHROPIC_BASE_URL", "env.CLAUDE_CODE_USE_BEDROCK", "allowedProviders", "apiKeyHelper"], keys

    def test_variants_are_compared_moved_and_kept_whole(self):
        self.call("profile", "new", "base0", "--governed", "https://claude.contoso.example", "--tenant", TENANT,
                  "--client", CLIENT)
        self.call("profile", "new", "leaf", "--base", "base0")
        self.call("profile", "set", "leaf", "chatTabEnabled=true", "--description", "a leaf")
        compared = json.loads(self.out("profile", "variants", "base0", "--json"))
        assert compared["variants"] == ["leaf"]
        assert compared["differences"] == {"chatTabEnabled": {"base0": None, "leaf": True}}, compared
        self.call("profile", "delete", "base0", expect=2)
        assert b"circle" in self.call("profile", "set", "base0", "--base", "leaf", expect=2).stderr
        self.call("profile", "unset", "leaf", "--base")
        self.call("profile", "check", "leaf", expect=1)  # alone it has no provider
        self.call("profile", "set", "leaf", "--base", "base0")
        self.call("profile", "check", self.work / "profiles" / "leaf.json")  # by its file, with its base
        self.call("profile", "delete", "leaf")
        self.call("profile", "delete", "base0")

    def test_mistakes_are_refused_as_they_are_typed(self):
        self.call("profile", "new", "typing")
        for item, hint in (("inferenceProvider=gatway", b"did you mean gateway?"),
                           ("inferenceProvder=gateway", b"did you mean inferenceProvider?"),
                           ("autoUpdaterEnforcementHours=100", b"1 to 72"),
                           ("inferenceGatewayOidc.clientId=x", b"whole object"),
                           ('banner={"enabled":true,}', b"line 1, column 17")):
            assert hint in self.call("profile", "set", "typing", item, expect=2).stderr, item
        assert self.values("typing") == {}
        self.call("profile", "set", "typing", "inferenceProvder=gateway", "--anyway")
        assert self.values("typing") == {"inferenceProvder": "gateway"}
        self.call("profile", "delete", "typing")

    def test_every_command_answers_in_json(self):
        made = json.loads(self.out("profile", "new", "j", "--json"))
        assert made["profile"] == "j" and pathlib.Path(made["file"]).exists()
        assert json.loads(self.out("profile", "set", "j", "chatTabEnabled=true", "--json"))["keys"] == ["chatTabEnabled"]
        assert json.loads(self.out("profile", "reveal", "j", "--json"))["file"] == made["file"]
        exported = self.work / "j.reg"
        wrote = json.loads(self.out("profile", "export", "j", "--format", "reg", "--out", exported, "--json"))
        assert wrote["files"] == [str(exported)]
        assert json.loads(self.out("profile", "import", "k", exported, "--json"))["keys"] == 1
        assert json.loads(self.out("profile", "duplicate", "k", "l", "--json"))["profile"] == "l"
        assert json.loads(self.out("profile", "rename", "l", "m", "--json"))["profile"] == "m"
        for name in ("j", "k", "m"):
            assert json.loads(self.out("profile", "delete", name, "--json"))["profile"] == name
        assert set(json.loads(self.out("profile", "plugins", "--json"))) == {"macos", "windows"}
        for words in (("profile", "chek"), ("profile", "check", "--no-such"), ("profile", "show", "nobody"),
                      ("profile", "keys", "--provider", "gatway")):
            error = json.loads(self.call(*words, "--json", expect=2).stderr)["error"]
            assert error["code"] and error["message"] and error["next_step"], words

    def test_nothing_read_from_a_file_steers_the_terminal(self):
        bad = self.work / "steer.json"
        bad.write_text(json.dumps({"in\x1b[31mferenceProvider": "\x1b[2J", "inferenceProvider": "gat\u202eway",
                                   "coworkEgressAllowedHosts": ["a\nevil.example"]}))
        for words in (("check", bad), ("egress", bad), ("diff", bad, "staff"), ("egress", bad, "--format", "hosts")):
            done = subprocess.run([self.program, "profile", *map(str, words)], capture_output=True, env=self.env)
            shown = (done.stdout + done.stderr).decode()
            assert "\x1b" not in shown and "\u202e" not in shown and "\nevil" not in shown, words

    def test_an_export_holds_no_secret_unless_asked(self):
        canary = "sk-canary-0123456789"
        self.call("profile", "new", "secret")
        self.call("profile", "set", "secret", "inferenceProvider=gateway", "inferenceGatewayBaseUrl=https://g.example",
                  "inferenceCredentialKind=static", f"inferenceGatewayApiKey={canary}")
        listed = self.out("profile", "export", "--help").decode().partition("\nFormats:\n")[2]
        formats = dict(re.findall(r"^  ([a-z-]+) +(\S.*)$", listed, re.MULTILINE))
        assert {"mobileconfig", "reg", "claude-code"} < formats.keys(), listed
        for form in (name for name, title in formats.items() if "all keys" not in title):
            done = self.call("profile", "export", "secret", "--format", form, expect=1)
            assert not done.stdout and canary.encode() not in done.stderr, form
        done = self.call("profile", "export", "secret", "--format", "linux", "--allow-secrets")
        assert canary.encode() in done.stdout and b"holds a secret" in done.stderr
        for words in (("show", "secret"), ("show", "secret", "--json"), ("check", "secret"), ("diff", "staff", "secret")):
            done = subprocess.run([self.program, "profile", *words], capture_output=True, env=self.env)
            assert canary.encode() not in done.stdout + done.stderr, words
        self.call("profile", "delete", "secret")

    def test_bad_input_names_file_place_and_next_step(self):
        bad = self.work / "bad.mobileconfig"
        bad.write_text("<plist><dict>\n<key>a</key>\n<strin>b</strin></dict></plist>")
        done = self.call("profile", "import", "x", bad, expect=2)
        assert b"bad.mobileconfig: line 3, column 1" in done.stderr, done.stderr
        done = self.call("profile", "set", "staff", "chatTabEnabled=yes", expect=2)
        assert b"true or false" in done.stderr
        done = self.call("profile", "explain", "inferenceProvder", expect=2)
        assert b"did you mean inferenceProvider?" in done.stderr
        done = self.call("profile", "show", "stafff", expect=2)
        assert b"did you mean staff?" in done.stderr
        assert not (self.work / "profiles" / "x.json").exists()

    def test_each_broken_device_is_understood(self):
        count = 0
        for folder in sorted((GOLDEN / "devices").iterdir()):
            expected = json.loads((folder / "expected.json").read_text())
            done = subprocess.run([self.program, "device", "report", "--root", folder, "--json"],
                                  capture_output=True, env=self.env)
            report = json.loads(done.stdout)
            codes = [finding["code"] for finding in report["findings"]]
            errors = any(finding["severity"] == "error" for finding in report["findings"])
            assert done.returncode == (1 if errors else 0), folder.name
            assert report["mode"] == expected["mode"], folder.name
            assert not expected["finding"] or expected["finding"] in codes, (folder.name, codes)
            assert all(finding["nextStep"] for finding in report["findings"]), folder.name
            count += bool(expected["finding"])
        assert count >= 10

    def test_apply_writes_what_the_report_reads(self):
        self.call("profile", "apply", "staff")
        report = json.loads(self.out("device", "report", "--json"))
        assert report["mode"] == "3p" and "configLibrary" in report["owner"], report["whyMode"]
        library = self.work / "home" / ".config" / "Claude-3p" / "configLibrary"
        meta = json.loads((library / "_meta.json").read_text())
        assert re.fullmatch("[a-f0-9-]{36}", meta["appliedId"]) and set(meta) == {"appliedId", "entries"}
        assert json.loads((library / f"{meta['appliedId']}.json").read_text()) == self.values("staff")
        assert library.stat().st_mode & 0o777 == 0o700

    def test_docs_keys_is_fresh(self):
        page = TREE / "docs" / "keys.md"
        assert page.read_bytes() == self.out("profile", "keys", "--markdown"), "run: sallyport profile keys --markdown"

    # -- property lists ----------------------------------------------------------------------------

    def plist_form(self, values):
        def one(value):
            if isinstance(value, (bool, int, str)):
                return value
            return json.loads(json.dumps(value))
        return {key: one(value) for key, value in values.items()}

    def assert_plist(self, dictionary, values):
        wanted = self.plist_form(values)
        assert set(dictionary) == set(wanted), set(dictionary) ^ set(wanted)
        for key, value in wanted.items():
            got = dictionary[key]
            if isinstance(value, (dict, list, float)):
                got = json.loads(got)
            assert got == value and type(got) is type(value), (key, got, value)

    def golden(self, name):
        target = self.work / "profiles" / f"{name}.json"
        if not target.exists():
            shutil.copy(GOLDEN / "formats" / f"{name}.profile.json", target)
        return self.values(name)

    def test_plistlib_reads_mobileconfig_and_jamf(self):
        for name in ("ordinary", "hostile"):
            values = self.golden(name)
            outer = plistlib.loads(self.out("profile", "export", name, "--format", "mobileconfig"))
            inner = outer["PayloadContent"][0]
            assert outer["PayloadType"] == "Configuration" and outer["PayloadScope"] == "System"
            assert inner["PayloadType"] == "com.anthropic.claudefordesktop"
            assert re.fullmatch("[0-9A-F-]{36}", inner["PayloadUUID"])
            self.assert_plist({k: v for k, v in inner.items() if not k.startswith("Payload")}, values)
            self.assert_plist(plistlib.loads(self.out("profile", "export", name, "--format", "jamf")), values)

    def test_plistutil_agrees_and_its_binary_form_reads_back(self):
        need("plistutil")
        for name in ("ordinary", "hostile"):
            self.golden(name)
            source, binary = self.work / f"{name}.mobileconfig", self.work / f"{name}.bin.mobileconfig"
            source.write_bytes(self.out("profile", "export", name, "--format", "mobileconfig"))
            self.tool("plistutil", "-i", source, "-f", "bin", "-o", binary)
            assert binary.read_bytes().startswith(b"bplist00")
            assert plistlib.loads(binary.read_bytes()) == plistlib.loads(source.read_bytes())
            self.call("profile", "diff", name, binary)

    def test_plists_of_plistlib_read_back(self):
        # plistlib writes a carriage return as it is, which XML readers turn into a line feed
        text = json.dumps(self.golden("hostile"), ensure_ascii=False).replace("\\r\\n", "\\n")
        values = json.loads(text)
        (self.work / "no-cr.json").write_text(text)
        for form in (plistlib.FMT_XML, plistlib.FMT_BINARY):
            for native in (False, True):
                made = {}
                for key, value in values.items():
                    structured = isinstance(value, (dict, list))
                    made[key] = value if isinstance(value, bool) or native and not structured else (
                        json.dumps(value, ensure_ascii=native) if structured else value)
                path = self.work / "plistlib.plist"
                path.write_bytes(plistlib.dumps(made, fmt=form))
                self.call("profile", "diff", self.work / "no-cr.json", path)

    def test_openssl_verifies_the_signature(self):
        need("openssl")
        keys = self.work / "keys"
        keys.mkdir()
        run = lambda *words: self.tool("openssl", *words, cwd=keys)
        run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA",
            "-days", "2")
        run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "s.key", "-out", "s.csr", "-subj", "/CN=Signer")
        (keys / "ext").write_text("extendedKeyUsage=emailProtection,codeSigning\n")
        run("x509", "-req", "-in", "s.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "s.pem",
            "-days", "2", "-extfile", "ext")
        self.golden("ordinary")
        signed, back = keys / "signed.mobileconfig", keys / "back.mobileconfig"
        self.call("profile", "export", "ordinary", "--format", "mobileconfig", "--sign-certificate", keys / "s.pem",
                  "--sign-key", keys / "s.key", "--sign-chain", keys / "ca.pem", "--out", signed)
        run("cms", "-verify", "-binary", "-inform", "DER", "-in", signed, "-CAfile", "ca.pem", "-purpose", "any", "-out", back)
        assert back.read_bytes() == self.out("profile", "export", "ordinary", "--format", "mobileconfig")
        self.call("profile", "diff", "ordinary", signed)
        broken = bytearray(signed.read_bytes())
        broken[len(broken) // 3] ^= 1
        (keys / "broken").write_bytes(broken)
        run_broken = subprocess.run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", keys / "broken",
                                     "-CAfile", keys / "ca.pem", "-purpose", "any", "-out", os.devnull], capture_output=True)
        assert run_broken.returncode != 0

    def test_manifest_lists_every_key_with_its_type(self):
        manifest = plistlib.loads(self.out("profile", "export", "--format", "manifest"))
        names = [row["pfm_name"] for row in manifest["pfm_subkeys"]]
        keys = json.loads(self.out("profile", "keys", "--json"))
        assert len(keys) >= 182 and {key["key"] for key in keys} <= set(names)
        assert len(names) == len(set(names)) and manifest["pfm_domain"] == "com.anthropic.claudefordesktop"
        rows = {row["pfm_name"]: row for row in manifest["pfm_subkeys"]}
        assert rows["autoUpdaterEnforcementHours"]["pfm_range_max"] == 72
        assert rows["inferenceProvider"]["pfm_range_list"][0] == "gateway"
        assert rows["chatTabEnabled"]["pfm_default"] is False

    # -- Windows -----------------------------------------------------------------------------------

    def registry_form(self, values):
        def one(value):
            if isinstance(value, bool):
                return "true" if value else "false"
            return value if isinstance(value, str) else value
        return {key: one(value) for key, value in values.items()}

    def parse_reg(self, data):
        """A reader of its own, for exports of Windows' and Wine's regedit."""
        text = data.decode("utf-16")
        found = {}
        text = re.sub(r"\\\r?\n\s*", "", text)
        for match in re.finditer(r'^"((?:[^"\\]|\\.)*)"=(?:"((?:[^"\\]|\\.)*)"|(hex\(1\)):([0-9a-f,]*))', text, re.M | re.S):
            undo = lambda part: re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), part, flags=re.S)
            if match[3]:
                raw = bytes(int(byte, 16) for byte in match[4].split(",") if byte)
                found[undo(match[1])] = raw.decode("utf-16-le").rstrip("\0")
            else:
                found[undo(match[1])] = undo(match[2])
        return found

    def assert_registry(self, found, values):
        wanted = self.registry_form(values)
        assert set(found) == set(wanted), set(found) ^ set(wanted)
        for key, value in wanted.items():
            got = found[key]
            if not isinstance(value, str):
                got = json.loads(got)
            assert got == value, (key, got, value)

    def test_wine_imports_the_registration_file(self):
        need("wine")
        prepared = TREE / "build" / "wine"  # scripts/setup --test lays it down while the program is built
        made = (prepared / "clean" / "version").is_file()
        prefix = prepared if made else self.work / "wine"
        env = dict(os.environ, WINEPREFIX=str(prefix), WINEARCH="win64", WINEDEBUG="-all",
                   WINEDLLOVERRIDES="mscoree,mshtml=")
        env.pop("DISPLAY", None)
        wine = lambda *words, expect=0: self.tool("wine", *words, env=env, expect=expect, cwd=self.work)
        if made:
            for registry in (prepared / "clean").glob("*.reg"):
                shutil.copy(registry, prepared)
        else:
            subprocess.run(["wineboot", "-i"], env=env, capture_output=True)
            subprocess.run(["wineserver", "-w"], env=env)
        try:
            for hive, user in (("HKEY_LOCAL_MACHINE", ()), ("HKEY_CURRENT_USER", ("--user",))):
                for name in ("ordinary", "hostile"):
                    values = self.golden(name)
                    (self.work / "in.reg").write_bytes(self.out("profile", "export", name, "--format", "reg", *user))
                    wine("reg", "import", "in.reg")
                    wine("regedit", "/E", "out.reg", hive + r"\SOFTWARE\Policies\Claude")
                    exported = (self.work / "out.reg").read_bytes()
                    self.assert_registry(self.parse_reg(exported), values)
                    self.call("profile", "diff", name, self.work / "out.reg")
                    (self.work / "away.reg").write_bytes(
                        self.out("profile", "export", name, "--format", "reg", "--removal", *user))
                    wine("reg", "import", "away.reg")
                    wine("regedit", "/E", "out.reg", hive + r"\SOFTWARE\Policies\Claude")
                    assert self.parse_reg((self.work / "out.reg").read_bytes()) == {}
        finally:
            subprocess.run(["wineserver", "-k"], env=env)

    HIVEX = r"""
use strict; use Win::Hivex; use Win::Hivex::Regedit qw(reg_import); use Encode; binmode STDOUT, ':utf8';
my ($hive, $reg) = @ARGV; my $h = Win::Hivex->open($hive, write => 1);
my $root = $h->root(); my $p = $h->node_add_child($root, 'Policies');
open my $f, '<:encoding(UTF-16):crlf', $reg or die $!;
reg_import($f, sub { my $k = shift; $k =~ s/^\\?HKEY_LOCAL_MACHINE\\SOFTWARE//i or die $k; ($h, $k) }, encoding => 'UTF-16LE');
my $n = $h->node_get_child($h->node_get_child($root, 'Policies'), 'Claude');
for my $v ($h->node_values($n)) { my ($t, $d) = $h->value_value($v); print $h->value_key($v), "\t", $t, "\t", unpack('H*', $d), "\n"; }
"""

    def empty_hive(self):
        import struct
        def cell(data):
            size = (len(data) + 11) & ~7
            return struct.pack("<i", -size) + data + bytes(size - 4 - len(data))
        nil, name = 0xffffffff, b"ROOT"
        offset = 0x20 + len(cell(bytes(76 + len(name))))
        node = struct.pack("<2sHQIIIIIIIIIIIIIIIHH", b"nk", 0x2c, 0, 0, nil, 0, 0, nil, nil, 0, nil, offset, nil,
                           0, 0, 0, 0, 0, len(name), 0) + name
        descriptor = bytes([1, 0, 0, 0x80]) + bytes(16)
        cells = cell(node) + cell(struct.pack("<2sHIIII", b"sk", 0, offset, offset, 1, len(descriptor)) + descriptor)
        free = 4096 - 32 - len(cells)
        block = struct.pack("<4sIIQQI", b"hbin", 0, 4096, 0, 0, 0) + cells + struct.pack("<i", free) + bytes(free - 4)
        head = bytearray(4096)
        struct.pack_into("<4sIIQIIIIIII", head, 0, b"regf", 1, 1, 0, 1, 3, 0, 1, 0x20, 4096, 1)
        check = 0
        for word in struct.unpack_from("<127I", head):
            check ^= word
        struct.pack_into("<I", head, 508, check)
        path = self.work / "t.hive"
        path.write_bytes(bytes(head) + block)
        return path

    def test_hivex_imports_the_registration_file(self):
        if subprocess.run(["perl", "-MWin::Hivex::Regedit", "-e", "1"], capture_output=True).returncode != 0:
            raise Skip("libwin-hivex-perl is not installed")
        values = {key: value for key, value in self.golden("ordinary").items()}
        reg = self.work / "hivex.reg"
        reg.write_bytes(self.out("profile", "export", "ordinary", "--format", "reg"))
        listing = self.tool("perl", "-e", self.HIVEX, self.empty_hive(), reg).decode()
        found = {}
        for line in listing.splitlines():
            name, kind, data = line.split("\t")
            assert kind == "1", line
            found[name] = bytes.fromhex(data).decode("utf-16-le").rstrip("\0")
        self.assert_registry(found, values)

    def test_admx_and_adml_hold_together(self):
        packed = self.work / "admx.zip"
        self.call("profile", "export", "--format", "admx", "--out", packed)
        archive = zipfile.ZipFile(packed)
        assert archive.testzip() is None
        admx = ElementTree.fromstring(archive.read("ClaudeDesktop.admx"))
        adml = ElementTree.fromstring(archive.read("en-US/ClaudeDesktop.adml"))
        space = "{http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions}"
        strings = {node.get("id") for node in adml.iter(space + "string")}
        presentations = {node.get("id"): {child.get("refId") for child in node} for node in adml.iter(space + "presentation")}
        categories = {node.get("name") for node in admx.iter(space + "category")}
        policies = list(admx.iter(space + "policy"))
        keys = {key["key"]: key for key in json.loads(self.out("profile", "keys", "--json"))}
        covered = set()
        for policy in policies:
            assert policy.get("class") == "Both" and policy.get("key") == r"SOFTWARE\Policies\Claude"
            assert policy.find(space + "parentCategory").get("ref") in categories
            for name in ("displayName", "explainText"):
                assert re.fullmatch(r"\$\(string\.(\w+)\)", policy.get(name))[1] in strings
            elements = policy.find(space + "elements")
            if elements is None:
                covered.add(policy.get("valueName"))
                assert keys[policy.get("valueName")]["type"] == "boolean"
                continue
            shown = presentations[re.fullmatch(r"\$\(presentation\.(\w+)\)", policy.get("presentation"))[1]]
            for element in elements:
                covered.add(element.get("valueName"))
                assert element.get("id") in shown
                kind = element.tag.removeprefix(space)
                assert kind != "text" or int(element.get("maxLength")) > 0
                assert kind == {"integer": "decimal", "enum": kind}.get(keys[element.get("valueName")]["type"], "text")
                for item in element.iter(space + "item"):
                    assert re.fullmatch(r"\$\(string\.(\w+)\)", item.get("displayName"))[1] in strings
        assert covered == set(keys), covered ^ set(keys)

    def test_oma_uri_settings_name_policies_of_the_template(self):
        template = json.loads(self.out("profile", "export", "--format", "intune-admx"))["omaSettings"][0]["value"]
        names = set(re.findall(r'<policy name="(\w+)"', template))
        identifiers = set(re.findall(r' id="(\w+)"', template))
        values = self.golden("hostile")
        graph = json.loads(self.out("profile", "export", "hostile", "--format", "oma-uri"))
        for setting in graph["omaSettings"]:
            assert setting["omaUri"].rsplit("/", 1)[1] in names
            node = ElementTree.fromstring(f"<x>{setting['value']}</x>")
            if node.find("data") is not None:
                assert node.find("data").get("id") in identifiers
                got, wanted = node.find("data").get("value"), values[setting["displayName"]]
                assert (got if isinstance(wanted, str) else json.loads(got)) == wanted, setting

    def test_powershell_scripts_are_plain_ascii(self):
        self.golden("hostile")
        folder = self.work / "ps"
        self.call("profile", "export", "hostile", "--format", "powershell", "--out", f"{folder}/")
        for name in ("detect.ps1", "remediate.ps1"):
            assert (folder / name).read_bytes().isascii()

    def test_a_foreign_grammar_parses_the_powershell_scripts(self):
        node = TREE / "tests" / "node_modules" / ".bin" / "node"
        if not (TREE / "tests" / "node_modules" / "tree-sitter-powershell").exists():
            raise Skip("the npm packages of tests/ are not installed")
        parse = lambda *files, expect=0: self.tool(node, "--no-warnings", HERE / "parse_powershell.ts", *files, expect=expect)
        for name in ("ordinary", "hostile"):
            self.golden(name)
            for user in ((), ("--user",)):
                folder = self.work / f"ps-{name}-{len(user)}"
                self.call("profile", "export", name, "--format", "powershell", *user, "--out", f"{folder}/")
                parse(folder / "detect.ps1", folder / "remediate.ps1")
        wdac = self.work / "wdac.ps1"
        wdac.write_bytes(self.out("profile", "edr", "--format", "wdac"))
        parse(wdac)
        broken = self.work / "broken.ps1"
        broken.write_text("if ($a { 'x' }\n")
        parse(broken, expect=1)

    def test_powershell_itself_parses_the_scripts(self):
        need("pwsh")
        folder = self.work / "ps"
        for name in ("detect.ps1", "remediate.ps1"):
            self.tool("pwsh", "-NoProfile", "-Command",
                      f"$e=$null;[void][Management.Automation.Language.Parser]::ParseFile('{folder / name}',[ref]$null,[ref]$e);exit $e.Count")

    # -- JSON --------------------------------------------------------------------------------------

    def test_json_forms_carry_the_values(self):
        for name in ("ordinary", "hostile"):
            values = self.golden(name)
            assert json.loads(self.out("profile", "export", name, "--format", "linux")) == values
            flat = {key: value for key, value in values.items() if key != "egressProxyUrl"}
            assert json.loads(self.out("profile", "export", name, "--format", "bootstrap", "--flat")) == flat
        nested = json.loads(self.out("profile", "export", "ordinary", "--format", "bootstrap"))
        assert nested["$schemaVersion"] == 2 and nested["inference"]["credential"]["kind"] == "interactive"
        schema = json.loads(self.out("profile", "export", "--format", "jamf-schema"))
        assert len(schema["properties"]) == len(json.loads(self.out("profile", "keys", "--json"))) >= 182

    def test_convert_goes_round_all_formats(self):
        self.golden("ordinary")
        steps = ["a.mobileconfig", "b.reg", "c.plist", "managed-settings.json"]
        self.call("profile", "export", "ordinary", "--format", "mobileconfig", "--out", self.work / steps[0])
        for before, after in zip(steps, steps[1:]):
            self.call("profile", "convert", self.work / before, self.work / after)
        self.call("profile", "diff", "ordinary", self.work / steps[-1])

    # -- Claude Code -------------------------------------------------------------------------------

    def test_claude_code_reads_its_half(self):
        candidates = [os.environ.get("CLAUDE_CODE"), shutil.which("claude")]
        for folder in (TREE / "node_modules", TREE / "tests" / "node_modules"):
            candidates.append(folder / ".bin" / "claude")
            # npm without install scripts leaves the native program in its own package
            candidates += sorted((folder / "@anthropic-ai").glob("claude-code-linux-*/claude"))

        def works(path):
            try:
                return path and subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
            except OSError:
                return False

        claude = next((str(path) for path in candidates if works(path)), None)
        if claude is None:
            raise Skip("Claude Code is not installed")
        if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
            raise Skip("showing Claude Code a managed file needs root and mount namespaces")
        seen = []

        class Gateway(BaseHTTPRequestHandler):
            def answer(self):
                seen.append((self.path, self.headers.get("Authorization"), self.headers.get("x-api-key")))
                body = b'{"type":"error","error":{"type":"invalid_request_error","message":"proof"}}'
                self.send_response(400)
                self.send_header("content-type", "application/json")
                self.send_header("x-should-retry", "false")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            do_GET = do_POST = do_HEAD = answer
            def log_message(self, *words):
                pass

        server = HTTPServer(("127.0.0.1", 0), Gateway)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.call("profile", "new", "local", "--governed", f"http://127.0.0.1:{server.server_port}", "--tenant", TENANT,
                  "--client", CLIENT, "--scope", SCOPE)
        etc, bin_folder = self.work / "etc", self.work / "bin"
        shutil.copytree("/etc", etc, symlinks=True, ignore=lambda folder, names: [
            name for name in names if not os.access(os.path.join(folder, name), os.R_OK)])
        (etc / "claude-code").mkdir(exist_ok=True)
        self.call("profile", "export", "local", "--format", "claude-code", "--out",
                  etc / "claude-code" / "managed-settings.json")
        bin_folder.mkdir()
        helper = bin_folder / "sallyport-token"
        helper.write_text("#!/bin/sh\necho token-of-the-person\n")
        helper.chmod(0o755)
        env = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(self.work / "home"), "IS_SANDBOX": "1",
               "CLAUDE_CODE_USE_BEDROCK": "1"}  # what a person might set is overruled
        subprocess.run(["unshare", "-m", "sh", "-c",
                        f"mount --bind {etc} /etc && exec timeout 60 {claude} -p hello --model claude-sonnet-5"],
                       env=env, capture_output=True, cwd=self.work / "home")
        server.shutdown()
        posts = [entry for entry in seen if "/v1/messages" in entry[0]]
        assert posts, f"no request came to the gateway: {seen}"
        assert "token-of-the-person" in (posts[0][1] or "") + (posts[0][2] or ""), posts[0]

    # -- figures -----------------------------------------------------------------------------------

    def test_commands_are_quick(self):
        """Asserts ten times the figure; the figures themselves are in docs/performance.md."""
        self.golden("ordinary")
        def best(*words):
            times = []
            for _ in range(10):
                start = time.perf_counter()
                subprocess.run([self.program, *words], capture_output=True, env=self.env)
                times.append((time.perf_counter() - start) * 1000)
            return min(times)
        check = best("profile", "check", "ordinary")
        export = best("profile", "export", "ordinary", "--format", "mobileconfig")
        report = best("device", "report", "--root", str(GOLDEN / "devices" / "00-healthy"))
        print(f"     check {check:.1f} ms, export {export:.1f} ms, device report {report:.1f} ms")
        assert check < 200 and export < 200 and report < 500


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="sallyport-proof-") as folder:
        proofs = Proofs(pathlib.Path(folder))
        names = [name for name in vars(Proofs) if name.startswith("test_")]  # in the order of the file
        for name in names:
            if os.environ.get("SIZE") == "quick" and name in SLOW:
                continue
            began = time.monotonic()
            try:
                getattr(proofs, name)()
                passed += 1
                print(f"ok   {name[5:]}, {time.monotonic() - began:.1f} s")
            except Skip as reason:
                print(f"skip {name[5:]}: {reason}")
            except Exception:
                failed += 1
                print(f"FAIL {name[5:]}\n{traceback.format_exc()}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
