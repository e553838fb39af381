"""Where the journal lies: WAL needs memory that all its readers share, so a disk of this machine."""

from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")

NETWORK = frozenset(
    {
        *("9p", "acfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fhgfs", "gfs", "gfs2"),
        *("glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "prl_fs"),
        *("pvfs2", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs", "wekafs"),
    }
)
"""File systems, as the kernel names them, that several machines may write to."""

LOCAL_FUSE = frozenset(("fuseblk", "fuse.encfs", "fuse.gocryptfs", "fuse.ntfs-3g", "fuse.bindfs"))
"""Of file systems in user space these alone are known to lie on a disk of this machine."""


def filesystem(mounts: str, path: str) -> str:
    """Type of the file system that holds an absolute path, from the text of mountinfo.

    The last mount on the longest mount point wins (proc(5)); empty where none holds it.
    """
    best, kind = "", ""
    for line in mounts.splitlines():
        fields, dash, rest = line.partition(" - ")
        parts = fields.split()
        if not dash or len(parts) < 5 or not rest.split():
            continue
        point = _unescaped(parts[4])
        inside = point in {"/", path} or path.startswith(f"{point}/")
        if inside and len(point) >= len(best):
            best, kind = point, rest.split()[0]
    return kind


def is_network(kind: str) -> bool:
    """Whether a file system of this type may be written by other machines too."""
    if kind.startswith("fuse") and kind != "fusectl":
        return kind not in LOCAL_FUSE
    return kind in NETWORK


def shared(folder: Path) -> str:
    """The type of a network file system that holds ``folder``; empty for a local disk.

    A system without mountinfo tells nothing, and is taken for local.
    """
    try:
        mounts = MOUNTS.read_text(errors="replace")
    except OSError:
        return ""
    kind = filesystem(mounts, str(folder.resolve()))
    return kind if is_network(kind) else ""


def mode_of(kind: str) -> tuple[str, str]:
    """SQLite's journal mode for what :func:`shared` said, and a sentence where it is not WAL."""
    if not kind:
        return "WAL", ""
    return "DELETE", (
        f"The journal of runs lies on a network file system ({kind}): it is written without WAL,"
        " which is slower, and a run of another host is only taken over when you say so."
    )


def _unescaped(text: str) -> str:
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text
