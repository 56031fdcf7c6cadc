"""The other side: one folder per vendor, and `base`, the contract that each keeps."""
