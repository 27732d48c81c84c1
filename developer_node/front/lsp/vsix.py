"""The VS Code extension as a .vsix: the same bytes each time, nothing fetched."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from common.errors import Denied

SOURCE = Path(__file__).parent / "vscode"
FILES = ("README.md", "extension.js", "package.json", "wire.js")
TYPES = {".json": "application/json", ".js": "application/javascript", ".md": "text/markdown"}
ALWAYS = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip file can tell."""


def make(target: Path) -> None:
    """Writes it, in place of what was there; Denied where it cannot be written."""
    parts = {
        "[Content_Types].xml": _content_types(),
        "extension.vsixmanifest": _manifest(json.loads((SOURCE / "package.json").read_text())),
        "extension/LICENSE.txt": distribution("postdevai").read_text("licenses/LICENSE") or "",
    }
    parts |= {f"extension/{name}": (SOURCE / name).read_text("utf-8") for name in FILES}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in parts.items():
            entry = zipfile.ZipInfo(name, ALWAYS)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, text.encode())
    try:
        target.write_bytes(packed.getvalue())
    except OSError as error:
        raise Denied(
            f"{target} cannot be written: {error.strerror}.", hint="Name another file."
        ) from None


def _content_types() -> str:
    told = {**TYPES, ".vsixmanifest": "text/xml", ".txt": "text/plain"}
    rows = "".join(
        _element("Default", {"Extension": end, "ContentType": kind}) for end, kind in told.items()
    )
    space = "http://schemas.openxmlformats.org/package/2006/content-types"
    return f'<?xml version="1.0" encoding="utf-8"?>\n<Types xmlns="{space}">{rows}</Types>\n'


def _manifest(package: dict[str, Any]) -> str:
    identity = {
        "Language": "en-US",
        "Id": package["name"],
        "Version": package["version"],
        "Publisher": package["publisher"],
    }
    parts = {
        "Microsoft.VisualStudio.Code.Manifest": "package.json",
        "Microsoft.VisualStudio.Services.Content.Details": "README.md",
        "Microsoft.VisualStudio.Services.Content.License": "LICENSE.txt",
    }
    assets = "".join(
        _element("Asset", {"Type": kind, "Path": f"extension/{name}", "Addressable": "true"})
        for kind, name in parts.items()
    )
    engine = {"Id": "Microsoft.VisualStudio.Code.Engine", "Value": package["engines"]["vscode"]}
    where = {"Id": "Microsoft.VisualStudio.Code.ExtensionKind", "Value": "workspace"}
    return f"""<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    {_element("Identity", identity)}
    <DisplayName>{escape(package["displayName"])}</DisplayName>
    <Description xml:space="preserve">{escape(package["description"])}</Description>
    <Categories>{escape(",".join(package["categories"]))}</Categories>
    <Properties>{_element("Property", engine)}{_element("Property", where)}</Properties>
    <License>extension/LICENSE.txt</License>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets>{assets}</Assets>
</PackageManifest>
"""


def _element(name: str, told: Mapping[str, str]) -> str:
    return f"<{name} {' '.join(f'{key}={quoteattr(value)}' for key, value in told.items())}/>"
