"""No table. Django tells an app that migrations ended only if it has this module."""
