import GRDB
import HookupEngine
