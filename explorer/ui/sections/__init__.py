"""Parts of the sampling page below the player: branches, U-turns, gains per octave, export."""
