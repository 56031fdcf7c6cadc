"""Texts that may be used once, whichever nodes they are issued and used at."""

from daemon.single_use import STATE_LIVES_S, new_state
from store.cluster_ports import KeptTexts

_CODE = "code"
_CODE_KEPT_S = 86_400.0
"""No vendor's code lives for so long."""


class SingleUseEverywhere:
    """`daemon.single_use.SingleUse` of all nodes."""

    def __init__(self, store: KeptTexts) -> None:
        self._store = store

    async def issue(self, vendor: str) -> str:
        """Return a fresh `state` for a vendor."""
        state = new_state()
        await self._store.keep_text(f"state {vendor}", state, for_s=STATE_LIVES_S)
        return state

    async def take(self, vendor: str, state: str) -> bool:
        """Tell whether it was issued for this vendor and is still good; it is not afterwards."""
        return await self._store.take_text(f"state {vendor}", state)

    async def spend(self, code: str) -> None:
        """Note that the vendor took a code."""
        await self._store.keep_text(_CODE, code, for_s=_CODE_KEPT_S)

    async def is_spent(self, code: str) -> bool:
        """Tell whether it did."""
        return await self._store.is_kept(_CODE, code)
