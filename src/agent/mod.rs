//! Agents and the models behind them. Whatever a model says is data: checked, recorded, never executed.

pub mod provider;
