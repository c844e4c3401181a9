@_exported import HookupCore
