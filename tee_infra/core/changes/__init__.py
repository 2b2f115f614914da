"""What the engine planned or did (`engine_run`), what a change means for a table (`table_change`), which changes `up`
refuses (`blocked`), how the settings of two environments differ (`settings_difference`), and which ones a command about
a slot's tables may make (`slot_changes`)."""
