//! What a file keeps when another takes its place: owner, permissions, access control list, extended attributes.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use anyhow::{Result, anyhow};
use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
use rustix::io::Errno;

use crate::display::{Shown, plain};

/// Of the permissions those that are kept: to read, to write, to execute, but not to do so as the file's owner.
const ALL_MAY_ALL: u32 = 0o777;
/// The access control list, as acl(5) has it.
const ACL: &[u8] = b"system.posix_acl_access";
const LABEL: &[u8] = b"security.selinux";
const USERS_OWN: &[u8] = b"user.";
/// The longest list of names and the longest value, as in xattr(7).
const MAX_LENGTH: usize = 1 << 16;

/// Gives a new file all of that of the one that it is to replace. The new one, which only its owner can read before, is
/// never more readable than the old one.
pub fn keep(path: &Path, new: &File, old: &File) -> Result<()> {
    let failed = |what: &str, error: &io::Error| {
        anyhow!("{}: its {what} cannot be kept: {}; run as its owner or as root", Shown(path), plain(error))
    };
    let there = old.metadata().map_err(|error| failed("owner", &error))?;
    let (uid, gid) = (there.uid(), there.gid());
    keep_owner(new, uid, gid).map_err(|error| failed(&format!("owner, {uid}:{gid},"), &error))?;
    // The list comes before the permissions: those of the group, without the list, are all that it gives to anybody.
    keep_acl(new, old).map_err(|error| failed("access control list", &error))?;
    keep_attributes(new, old).map_err(|error| failed("extended attributes", &error))?;
    new.set_permissions(permissions(&there)).map_err(|error| failed("permissions", &error))
}

fn keep_owner(new: &File, uid: u32, gid: u32) -> io::Result<()> {
    let metadata = new.metadata()?;
    if (metadata.uid(), metadata.gid()) == (uid, gid) { Ok(()) } else { fchown(new, Some(uid), Some(gid)) }
}

/// The new file may have a list already, by the default of its directory, and that one goes in any case.
fn keep_acl(new: &File, old: &File) -> io::Result<()> {
    match value(old, ACL) {
        Ok(acl) => Ok(fsetxattr(new, ACL, &acl, XattrFlags::empty())?),
        Err(Errno::NODATA) => match fremovexattr(new, ACL) {
            Ok(()) | Err(Errno::NODATA) => Ok(()),
            Err(error) => Err(error.into()),
        },
        // The file system has none.
        Err(Errno::NOTSUP) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// What a user has attached to a file, and the label of SELinux as far as that may be set.
fn keep_attributes(new: &File, old: &File) -> io::Result<()> {
    let mut names = vec![0; MAX_LENGTH];
    let length = match flistxattr(old, &mut names[..]) {
        Err(Errno::NOTSUP) => return Ok(()),
        length => length?,
    };
    names.truncate(length);
    for name in names.split(|byte| *byte == 0) {
        if name.starts_with(USERS_OWN) {
            fsetxattr(new, name, &value(old, name)?, XattrFlags::empty())?;
        } else if name == LABEL {
            let _ = fsetxattr(new, name, &value(old, name)?, XattrFlags::empty());
        }
    }
    Ok(())
}

fn value(file: &File, name: &[u8]) -> Result<Vec<u8>, Errno> {
    let mut value = vec![0; MAX_LENGTH];
    let length = fgetxattr(file, name, &mut value[..])?;
    value.truncate(length);
    Ok(value)
}

fn permissions(there: &Metadata) -> Permissions {
    Permissions::from_mode(there.mode() & ALL_MAY_ALL)
}
